"""The one address for tokens, `/oauth/token`, which the provider shares with two dialects: a request goes by the audience it names."""

from collections.abc import Mapping
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from muster.core.apps.model import Api as ProtectedApi
from muster.core.records import Key
from muster.core.store import Store
from muster.dialects.auth0 import app as auth0
from muster.dialects.auth0.access import audiences as auth0_audiences
from muster.dialects.kit.api import Api
from muster.dialects.kit.body import parse_json, read_body
from muster.dialects.kit.call import parse_query
from muster.dialects.kit.errors import BadRequest
from muster.dialects.mattr import app as mattr
from muster.dialects.mattr.access import audiences as mattr_audiences

TOKEN_PATH = b"/oauth/token"


class TokenEndpoint:
    """Reads a request for a token and hands it to whom it is for: a dialect when it names the audience of that dialect's own API, else
    the provider. A host that is bound to a dialect has no other dialect's API.
    """

    def __init__(self, apis: Mapping[bytes, Api], provider: Api, store: Store) -> None:
        self._auth0 = apis[auth0.NAME.encode()]
        self._mattr = apis[mattr.NAME.encode()]
        self._provider = provider
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await self._provider(scope, receive, send)
            return
        api, body = self._provider, b""
        fault: BadRequest | None = None
        try:
            body = await read_body(receive)
        except BadRequest as refused:
            api, fault = self._auth0, refused  # for the dialect to say in its own words
        else:
            api = await self._for(scope, body)

        async def as_read() -> Message:
            if fault is not None:
                raise fault
            return {"type": "http.request", "body": body, "more_body": False}

        await api(scope, as_read, send)

    async def _for(self, scope: Scope, body: bytes) -> Api:
        site, media = scope["muster.site"], next((v for name, v in scope["headers"] if name == b"content-type"), b"")
        asked = _parameters(body, media)
        audience = asked.get("audience", "")
        if site.dialect == mattr.NAME or (site.dialect is None and audience in mattr_audiences(site)):
            return self._mattr
        if site.dialect in (None, auth0.NAME) and (
            audience in auth0_audiences(site) or await self._is_for_no_api(site.tenant_id, asked)
        ):
            return self._auth0
        return self._provider

    async def _is_for_no_api(self, tenant_id: int, asked: Mapping[str, str]) -> bool:
        """Whether a program asks by itself for an API that there is not: `audience` is Auth0's word, whose programs know its refusal."""
        audience = asked.get("audience", "")
        if not audience or asked.get("grant_type") != "client_credentials":
            return False
        key = Key("", "api_identifier", audience)
        return await self._store.find(tenant_id, ProtectedApi, key) is None


def _parameters(body: bytes, media: bytes) -> Mapping[str, str]:
    """The texts of a form or JSON object; none of what cannot be read."""
    try:
        if b"json" not in media.lower() and not body.lstrip().startswith(b"{"):
            return {name: values[-1] for name, values in parse_query(body).items()}
        value: Any = parse_json(body)
    except BadRequest:
        return {}
    return {name: each for name, each in value.items() if isinstance(each, str)} if isinstance(value, dict) else {}
