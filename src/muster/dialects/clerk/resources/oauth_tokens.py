"""Tokens that other services gave for a user, as long as an identity there keeps them."""

from typing import Any

import msgspec

from muster.core.actor import Permissions as May
from muster.core.users.model import Link
from muster.core.users.sealed import tokens_purpose
from muster.dialects.clerk.operation import Operation, query_of
from muster.dialects.clerk.problems import refused
from muster.dialects.clerk.reply import answer, listed
from muster.dialects.clerk.resources.calls import page_of, read_user, services_of
from muster.dialects.clerk.schema.listing import PAGE, PAGINATED
from muster.dialects.clerk.schema.users import ACCESS_TOKENS
from muster.dialects.clerk.wire.accounts import PROVIDERS, core_provider, provider_of
from muster.dialects.clerk.wire.ids import show_id
from muster.dialects.kit.call import Call
from muster.dialects.kit.fields import Object
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route

LIST = Object(members={"paginated": PAGINATED, **PAGE})


async def list_(call: Call) -> Reply:
    """The tokens of one provider; none is no error. An array unless the caller asks for the object form."""
    asked = query_of(call)
    named = call.path["provider"]
    provider = core_provider(named)
    if provider not in PROVIDERS and not provider.startswith("custom_"):
        text = f"{named[:100]} is not a supported OAuth provider"
        raise refused(400, "oauth_unsupported_provider", "OAuth provider not supported", text)
    user = await read_user(call, call.path["user_id"])
    links = [link for link in user.links if link.kind == "social" and link.provider == provider and link.tokens]
    page = page_of(asked)
    shown = [_shown(call, link) for link in links[page.offset : page.offset + page.limit]]
    return listed(shown, len(links)) if asked.get("paginated") else answer(shown)


def _shown(call: Call, link: Link) -> dict[str, Any]:
    sealed = services_of(call).secrets.open(link.tokens or "", purpose=tokens_purpose(link.id))
    tokens: Any = msgspec.json.decode(sealed)
    expires = tokens.get("expires_at")
    shown: dict[str, Any] = {
        "object": "oauth_access_token",
        "external_account_id": show_id("eac", link.id),
        "provider_user_id": link.subject,
        "token": str(tokens.get("access_token", "")),
        "expires_at": expires if isinstance(expires, int) else None,
        "provider": provider_of(link),
        "public_metadata": link.public_metadata or {},
        "label": link.label,
        "scopes": link.scopes,
    }
    if "access_token_secret" in tokens:
        shown["token_secret"] = tokens["access_token_secret"]
    return shown


ROUTES = [
    Route(
        "GET",
        "/users/{user_id}/oauth_access_tokens/{provider}",
        list_,
        needs=(May.USERS_READ_TOKENS,),
        title="Retrieve the OAuth access token of a user",
        about=Operation(query=LIST, answer=ACCESS_TOKENS),
    )
]
