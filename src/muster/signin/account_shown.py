"""How the account's pages tell times and devices: in the reader's language, and in the zone they say they live in."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from muster.signin.words import Words

_BROWSERS: Final = (
    ("Edge", r"\bEdgA?/|\bEdgiOS/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bVersion/[\d.]+ .*\bSafari/"),
)
"""In this order: nearly all of them claim to be the later ones too."""

_SYSTEMS: Final = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)

_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")


class DeviceName(NamedTuple):
    """What a browser says it is; empty where it says nothing that is known."""

    browser: str
    system: str


class Moment(NamedTuple):
    """A time as programs read it (ISO 8601), and as people do."""

    exact: str
    text: str


def device_name(user_agent: str) -> DeviceName:
    """The browser and the system that a User-Agent header (RFC 9110 section 10.1.5) names. It is a help, and proves nothing."""
    return DeviceName(_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))


def told_device(user_agent: str, t: Words) -> str:
    """The same in words."""
    browser, system = device_name(user_agent)
    if browser and system:
        return t("account.device", browser=browser, system=system)
    return browser or system or t("account.device_unknown")


def moment(at: int, t: Words, zone: str | None) -> Moment:
    """A time (ms UTC) in the reader's language and zone."""
    exact = datetime.fromtimestamp(at // 1000, UTC)
    local = exact.astimezone(_zone(zone))
    text = t(
        "account.moment",
        day=local.day,
        month=t(f"account.month.{local.month}"),
        year=local.year,
        time=f"{local:%H:%M}",
        zone=local.tzname() or "UTC",
    )
    return Moment(f"{exact:%Y-%m-%dT%H:%M:%SZ}", text)


def _zone(name: str | None) -> tzinfo:
    if name is None or not _ZONE.fullmatch(name):
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return UTC  # the machine knows no such zone


def _first(patterns: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in patterns if re.search(pattern, text)), "")
