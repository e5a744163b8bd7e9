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

MOST_BYTES = 65_536
"""What a request for a token may hold; a dialect says in its own words what is wrong with a larger one."""


class TokenEndpoint:
    """Reads a request for a token and hands it to the dialect that it is for; to Auth0's when it names no audience of MATTR's."""

    def __init__(self, apis: Mapping[bytes, Api]) -> None:
        self._auth0 = apis[auth0.NAME.encode()]
        self._mattr = apis[mattr.NAME.encode()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        heard: list[Message] = []

        async def listen() -> Message:
            message = await receive()
            heard.append(message)
            return message

        async def again() -> Message:
            return heard.pop(0) if heard else await receive()

        api = self._auth0
        if scope["method"] == "POST":
            try:
                body = await read_body(listen, most=MOST_BYTES)
            except BadRequest:
                pass  # whoever answers meets the same fault in what was heard
            else:
                media = next((value for name, value in scope["headers"] if name == b"content-type"), None)
                if is_for_this_api(body, media, scope["muster.site"]):
                    api = self._mattr
        await api(scope, again, send)
