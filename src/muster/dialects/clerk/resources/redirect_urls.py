"""Redirect addresses of native programs, and the keys that tokens are verified with."""

from urllib.parse import urlsplit

from muster.core.actor import Permissions as May
from muster.core.apps.redirects import RedirectUrl, create_redirect_url, delete_redirect_url
from muster.core.errors import NotFound
from muster.core.signing.model import SigningKey
from muster.dialects.clerk import problems
from muster.dialects.clerk.furnish import is_shown
from muster.dialects.clerk.operation import Operation, body_of, query_of
from muster.dialects.clerk.problems import Refused, refused
from muster.dialects.clerk.reply import answer, deleted, listed
from muster.dialects.clerk.resources.calls import page_of
from muster.dialects.clerk.schema import organizations as schema
from muster.dialects.clerk.schema.listing import DELETED
from muster.dialects.clerk.services import Services
from muster.dialects.clerk.wire.ids import read_id, show_id
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route

LONGEST = 700
"""Characters of an address, so that its key fits an index whatever they are."""


async def list_(call: Call) -> Reply:
    """One page, newest first; an array unless the caller asks for the object form."""
    asked = query_of(call)
    page = page_of(asked)
    every = list(reversed(await call.store.records(call.tenant_id, RedirectUrl)))
    shown = [_shown(url) for url in every[page.offset : page.offset + page.limit]]
    return listed(shown, len(every)) if asked.get("paginated") else answer(shown)


async def create(call: Call) -> Reply:
    """One more address."""
    url = body_of(call)["url"]
    if not _is_url(url):
        raise Refused(422, [problems.malformed("url", "a valid url")])
    return answer(_shown(await call.act(create_redirect_url, url)))


async def get(call: Call) -> Reply:
    """One address."""
    found = await call.store.get(call.tenant_id, RedirectUrl, read_id("ru", call.path["id"]) or "")
    if found is None:
        raise _missing(call)
    return answer(_shown(found))


async def delete(call: Call) -> Reply:
    """An address goes."""
    try:
        await call.act(delete_redirect_url, read_id("ru", call.path["id"]) or "")
    except NotFound:
        raise _missing(call) from None
    return deleted("redirect_url", call.path["id"])


async def jwks(call: Call) -> Reply:
    """The public keys of the tenant's tokens, newest first; open to everybody."""
    services: Services = call.services
    now = services.clock.now()
    keys = [key for key in await call.store.records(call.tenant_id, SigningKey) if is_shown(key)]
    return answer({"keys": [key.public for key in reversed(keys) if not key.has_died(now)]})


def _is_url(text: str) -> bool:
    """An address with a scheme, of the web's or of a program's own, and something after it."""
    if not text or len(text) > LONGEST or not text.isprintable() or any(map(str.isspace, text)):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname)
    return (
        bool(parts.scheme)
        and parts.scheme not in ("javascript", "data", "vbscript", "file")
        and bool(parts.netloc or parts.path.strip("/"))
    )


def _shown(url: RedirectUrl) -> dict[str, object]:
    return {
        "object": "redirect_url",
        "id": show_id("ru", url.id),
        "url": url.url,
        "created_at": url.created_at,
        "updated_at": url.updated_at,
    }


def _missing(call: Call) -> Refused:
    text = f"No RedirectURL exists with id: {call.path['id'][:200]}"
    return refused(404, "resource_not_found", "Redirect url not found", text)


_READ, _WRITE = (May.APPS_READ,), (May.APPS_WRITE,)

ROUTES = [
    Route(
        "GET",
        "/redirect_urls",
        list_,
        needs=_READ,
        title="List all redirect URLs",
        about=Operation(query=schema.LIST_REDIRECT_URLS, answer=schema.REDIRECT_URLS),
    ),
    Route(
        "POST",
        "/redirect_urls",
        create,
        needs=_WRITE,
        title="Create a redirect URL",
        about=Operation(body=schema.CREATE_REDIRECT_URL, answer=schema.REDIRECT_URL),
    ),
    Route(
        "GET",
        "/redirect_urls/{id}",
        get,
        needs=_READ,
        title="Retrieve a redirect URL",
        about=Operation(answer=schema.REDIRECT_URL),
    ),
    Route(
        "DELETE",
        "/redirect_urls/{id}",
        delete,
        needs=_WRITE,
        title="Delete a redirect URL",
        about=Operation(answer=DELETED),
    ),
    Route(
        "GET",
        "/jwks",
        jwks,
        needs=None,
        title="Retrieve the JSON Web Key Set of the instance",
        about=Operation(answer=schema.JWKS),
    ),
]
