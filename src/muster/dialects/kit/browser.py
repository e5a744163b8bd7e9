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
    """The cookies of a call; none when they cannot be read."""
    jar: SimpleCookie = SimpleCookie()
    try:
        for name, value in call.headers:
            if name == b"cookie":
                jar.load(value.decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


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


def refuse_foreign(call: Call) -> None:
    """Refuse a call with cookies that another site made the browser send (Fetch Metadata; the Origin header, RFC 6454)."""
    origin = call.header(b"origin")
    site = call.header(b"sec-fetch-site")
    foreign = origin is not None and origin.decode("latin-1").lower() not in _origins(call.site)
    if foreign or (site is not None and site not in (b"same-origin", b"none")):
        raise Forbidden("foreign_origin")


def _origins(site: Site) -> set[str]:
    parts = [urlsplit(address) for address in (site.public_url, *site.also)]
    return {f"{each.scheme}://{each.netloc}".lower() for each in parts}


def _set(site: Site, name: str, value: str, seconds: int | None) -> Header:
    secure = "; Secure" if site.public_url.startswith("https:") else ""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return b"set-cookie", f"{_named(site, name)}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}".encode("latin-1")


def _named(site: Site, name: str) -> str:
    return f"__Host-{name}" if site.public_url.startswith("https:") else name
