"""What a person's browser brings along and is given: its own secret, the token of the session it is signed in with, and the
language that was chosen at the pages.

The cookies are `__Host-` ones (RFC 6265bis section 4.1.3.2) wherever the public address is https, so that no other host, path or
plain connection can plant or read them.
"""

from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from muster.dialects.kit.call import Call, Site
from muster.dialects.kit.errors import Forbidden
from muster.dialects.kit.reply import Header

BROWSER: Final = "muster_browser"
SESSION: Final = "muster_session"
LANGUAGE: Final = "muster_language"

YEAR: Final = 365 * 86_400


def cookies_of(call: Call) -> dict[str, str]:
    """The cookies of a call by their names; a header that cannot be read has none."""
    found: dict[str, str] = {}
    for name, value in call.headers:
        if name == b"cookie":
            jar: SimpleCookie = SimpleCookie()
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                continue
            for key, morsel in jar.items():
                found.setdefault(key, morsel.value)
    return found


def browser_secret(call: Call) -> str:
    """The secret that this browser was given, or nothing."""
    return cookies_of(call).get(_named(call.site, BROWSER), "")


def session_token(call: Call) -> str:
    """The token of the session that this browser is signed in with, or nothing."""
    return cookies_of(call).get(_named(call.site, SESSION), "")


def language(call: Call) -> str:
    """The language that was chosen in this browser, or nothing; whatever the cookie holds."""
    return cookies_of(call).get(_named(call.site, LANGUAGE), "")


def keep_language(site: Site, code: str) -> Header:
    """Remember the language for a year."""
    return _set(site, LANGUAGE, code, YEAR)


def keep_browser(site: Site, secret: str) -> Header:
    """Give the browser its secret, for a year."""
    return _set(site, BROWSER, secret, YEAR)


def keep_session(site: Site, token: str, seconds: int | None) -> Header:
    """Sign the browser in for so many seconds, or with None until it is closed."""
    return _set(site, SESSION, token, seconds)


def drop_session(site: Site) -> Header:
    """Sign the browser out."""
    return _set(site, SESSION, "", 0)


def refuse_foreign(call: Call, *, over_plain_http: bool = False) -> None:
    """Refuse what another site's page makes a browser send: it would bring the cookies along (Fetch Metadata; RFC 6454).

    Cookies that say `SameSite` alone leave out older browsers and neighbours below the same domain. A server without a public
    address of its own is reached by either port of this machine, `over_plain_http` by the plain one too.
    """
    fetch_site = call.header(b"sec-fetch-site")
    if fetch_site is not None and fetch_site.strip().lower() not in (b"same-origin", b"none"):
        raise Forbidden("foreign_origin")
    origin = call.header(b"origin")
    if origin is not None and not _is_own(call.site, origin.decode("latin-1"), over_plain_http=over_plain_http):
        raise Forbidden("foreign_origin")


def _is_own(site: Site, origin: str, *, over_plain_http: bool) -> bool:
    try:
        scheme, host, path, query, fragment = urlsplit(origin)
    except ValueError:
        return False
    if path or query or fragment or scheme not in ("http", "https"):
        return False
    own = {urlsplit(address.lower())[:2] for address in (site.public_url, *site.also)}
    if site.also and over_plain_http:
        own |= {("http", netloc) for _, netloc in own}
    return (scheme, host.lower()) in own


def _set(site: Site, name: str, value: str, seconds: int | None) -> Header:
    secure = "; Secure" if site.public_url.startswith("https:") else ""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return b"set-cookie", f"{_named(site, name)}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}".encode("latin-1")


def _named(site: Site, name: str) -> str:
    return f"__Host-{name}" if site.public_url.startswith("https:") else name
