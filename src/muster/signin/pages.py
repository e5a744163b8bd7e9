"""Every page is made here: the template, the texts in the right language, the tenant's look, and the headers that keep other
sites and scripts out (Content Security Policy level 3).
"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from muster.core.settings.actions import sign_in_settings
from muster.core.settings.model import Branding, SignInSettings
from muster.dialects.kit import browser
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Handler
from muster.signin import assets, words
from muster.signin.csrf import csrf_token
from muster.signin.errors import Fault

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST: Final = re.compile(r"[a-z0-9._-]+(?::[0-9]+)?", re.IGNORECASE)
_LANGUAGE_CHOICE: Final = re.compile(rb"(?:^|&)lang=[^&]*")

_FIXED: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Visit(NamedTuple):
    """What is known before a page's own work begins: the tenant's settings, and the browser's secret, new or brought along."""

    settings: SignInSettings
    secret: str
    new_browser: bool


class Place(NamedTuple):
    """Where a page stands.

    `here` is where it can be got again ("" for the call's own address, None for nowhere: no other language is offered),
    `locales` the languages that the application asks for (`ui_locales`), `leads_to` addresses elsewhere that a form of the page
    may end at.
    """

    here: str | None = ""
    locales: Sequence[str] = ()
    leads_to: Sequence[str] = ()


HERE: Final = Place()
NOWHERE: Final = Place(here=None)


async def visit(call: Call) -> None:
    """Find out what every page needs: the call's `Visit`, as its `more`."""
    settings = await sign_in_settings(call.store, call.tenant_id)
    known = browser.browser_secret(call)
    call.more = Visit(settings, known or secrets.token_urlsafe(32), new_browser=not known)


def visiting(handler: Handler) -> Handler:
    """The handler, with its `Visit` made."""

    async def answer(call: Call) -> Reply:
        await visit(call)
        return await handler(call)

    return answer


def visit_of(call: Call) -> Visit:
    """The visit of a call; of one that was refused before it came to a page, one without a browser."""
    return call.more if isinstance(call.more, Visit) else Visit(SignInSettings(), "", new_browser=False)


def words_for(call: Call, locales: Iterable[str] = ()) -> words.Words:
    """The texts in the language that was chosen here, or the application asked for, or the browser, or the tenant speaks."""
    settings = visit_of(call).settings
    chosen = (_chosen_now(call), browser.language(call))
    accept = (call.header(b"accept-language") or b"").decode("latin-1")
    language = words.choose((*chosen, *locales), accept, settings.branding.language)
    return words.Words(language, settings.texts.get(language))


def page(
    call: Call,
    template: str,
    *,
    status: int = 200,
    headers: Sequence[Header] = (),
    fault: Fault | None = None,
    typed: Mapping[str, str] | None = None,
    place: Place = HERE,
    **values: Any,
) -> Reply:
    """A page of `templates/`.

    `fault` is what was wrong with the form and sets the status; `typed` is what to fill in again and never holds a secret.
    The rest is the template's own.
    """
    found = visit_of(call)
    t = words_for(call, place.locales)
    body = (
        _templates()
        .get_template(template)
        .render(
            t=t,
            brand=_brand(found.settings.branding),
            csrf=csrf_token(found.secret),
            fault=fault,
            typed=typed or {},
            languages=_languages(call, place.here, t.language),
            **values,
        )
    )
    if fault is not None and fault.wait is not None:
        headers = (*headers, (b"retry-after", b"%d" % fault.wait))
    return Reply(
        status if fault is None else fault.status,
        body.encode("utf-8", "replace"),
        (*_FIXED, _policy(place.leads_to), *_cookies(call, found), *headers),
    )


def redirect(call: Call, path: str, headers: Sequence[Header] = ()) -> Reply:
    """On to another page of ours (303: whatever was posted is not posted again). `path` is never what a caller sent."""
    location = (b"location", path.encode("ascii", "replace"))
    return Reply(303, b"", (location, (b"cache-control", b"no-store"), *_cookies(call, visit_of(call)), *headers))


def elsewhere(call: Call, address: str, name: str, headers: Sequence[Header] = ()) -> Reply:
    """A page that goes on to another site by itself, e.g. to an identity provider; `address` is never what a caller sent.

    After a form a redirect there would be stopped by the form's own policy.
    """
    return page(call, "elsewhere.html", headers=headers, place=NOWHERE, address=address, name=name)


def origin_of(address: str) -> str:
    """The source expression of an address that a form may end at: its origin, or its scheme if that is all it has."""
    parts = urlsplit(address)
    if not _SCHEME.fullmatch(parts.scheme):
        return ""
    # An address in brackets cannot be written in a policy.
    return f"{parts.scheme}://{parts.netloc}" if _HOST.fullmatch(parts.netloc) else f"{parts.scheme}:"


class Brand(NamedTuple):
    """How the tenant looks."""

    name: str
    logo: str
    stylesheet: str


def _brand(branding: Branding) -> Brand:
    logo = branding.logo if branding.logo.startswith("https://") else ""
    return Brand(branding.name or "Muster", logo, assets.brand_address(branding.colour))


def _policy(leads_to: Sequence[str]) -> Header:
    """A browser holds the redirects after a form against it too, and an application may send its people on from where we send
    them: so a form that leads to one may end at any https address, and at the application's own.
    """
    origins = ["https:", *map(origin_of, leads_to)] if leads_to else []
    elsewhere = "".join(f" {origin}" for origin in dict.fromkeys(origins) if origin)
    return (
        b"content-security-policy",
        (
            "default-src 'none'; style-src 'self'; img-src 'self' https: data:; script-src 'self'; "
            f"form-action 'self'{elsewhere}; frame-ancestors 'none'; base-uri 'none'"
        ).encode("ascii"),
    )


def _cookies(call: Call, found: Visit) -> list[Header]:
    kept = [browser.keep_browser(call.site, found.secret)] if found.new_browser else []
    chosen = _chosen_now(call)
    if chosen:
        kept.append(browser.keep_language(call.site, chosen))
    return kept


def _chosen_now(call: Call) -> str:
    """The language that this very address asks for (`?lang=de`), if there is such a one."""
    found = _LANGUAGE_CHOICE.search(call.raw_query)
    code = found[0].rpartition(b"=")[2].decode("latin-1") if found else ""
    return code if code in words.languages() else ""


def _languages(call: Call, here: str | None, shown: str) -> list[tuple[str, str, str]]:
    """The other languages: code, name, and the address of this page in them."""
    if here is None:
        return []
    if not here:
        query = _LANGUAGE_CHOICE.sub(b"", call.raw_query).strip(b"&")
        here = (call.raw_path + (b"?" + query if query else b"")).decode("latin-1")
    joined = "&" if "?" in here else "?"
    return [
        (code, words.texts_of(code)["language.name"], f"{here}{joined}lang={code}")
        for code in words.languages()
        if code != shown
    ]


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets.address
    return environment
