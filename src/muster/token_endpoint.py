"""The one address for tokens, `/oauth/token`, where two dialects have theirs: a request goes by the audience that it names."""

from collections.abc import Mapping

from starlette.types import Message, Receive, Scope, Send

from muster.dialects.auth0 import app as auth0
from muster.dialects.kit.api import Api
from muster.dialects.kit.body import read_body
from muster.dialects.kit.errors import BadRequest
from muster.dialects.mattr import app as mattr
from muster.dialects.mattr.resources.oauth import is_for_this_api

TOKEN_PATH = b"/oauth/token"


class TokenEndpoint:
    """Reads a request for a token and hands it to the dialect that it is for; to Auth0's when it names no audience of MATTR's."""

    def __init__(self, apis: Mapping[bytes, Api]) -> None:
        self._auth0 = apis[auth0.NAME.encode()]
        self._mattr = apis[mattr.NAME.encode()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await self._auth0(scope, receive, send)
            return
        api, body = self._auth0, b""
        fault: BadRequest | None = None
        try:
            body = await read_body(receive)
        except BadRequest as refused:
            fault = refused  # for the dialect to say in its own words
        else:
            media = next((value for name, value in scope["headers"] if name == b"content-type"), None)
            if is_for_this_api(body, media, scope["muster.site"]):
                api = self._mattr

        async def as_read() -> Message:
            if fault is not None:
                raise fault
            return {"type": "http.request", "body": body, "more_body": False}

        await api(scope, as_read, send)
