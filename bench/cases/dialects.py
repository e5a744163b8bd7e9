"""Reading one user through each of the other vendors' APIs."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

from bench.clients import CLERK_USERS, MATTR_USERS, MONOCLOUD_USERS, NETWRIX_USERS, Client
from bench.machine import CannotMeasure
from bench.place import Answers, Site
from bench.traffic import HttpCase, Load

Find = Callable[[Client, str], str]
"""From an e-mail address to the path segment by which a vendor's API knows the user."""


def _only(found: list[dict[str, Any]], vendor: str) -> dict[str, Any]:
    if len(found) != 1:
        raise CannotMeasure(f"{vendor}'s API found {len(found)} users of one address")
    return found[0]


def _clerk(client: Client, email: str) -> str:
    found = client.ask("GET", f"{CLERK_USERS}?{urlencode({'email_address': email})}")
    return str(_only(found, "Clerk")["id"])


def _monocloud(client: Client, email: str) -> str:
    query = urlencode({"filter": f"email:{json.dumps(email)}", "size": "2"})
    return str(_only(client.ask("GET", f"{MONOCLOUD_USERS}?{query}"), "MonoCloud")["user_id"])


def _mattr(client: Client, email: str) -> str:
    found = client.ask("POST", f"{MATTR_USERS}/search", {"claims": {"email": email}})
    return str(_only(found["data"], "MATTR")["id"])


def _netwrix(client: Client, email: str) -> str:
    """An address is an answer to the question for a name, and the answer holds the name itself."""
    name = client.ask("GET", f"{NETWRIX_USERS}/{quote(email, safe='')}")["UserName"]
    return quote(name, safe="")


def _load(vendor: str, collection: str, find: Find, site: Site) -> Load:
    client: Client = getattr(site, vendor)
    targets = [f"{collection}/{find(client, email)}" for email in site.emails]
    bodies = {target: client.text("GET", target) for target in targets}
    answers = Answers("{}", bodies, routes=(collection, f"{collection}/{{id}}"))
    return Load([client.wire("GET", target) for target in targets], answers)


def _case(vendor: str, title: str, collection: str, find: Find) -> HttpCase:
    return HttpCase(f"get-{vendor}", f"{title}: read a user", functools.partial(_load, vendor, collection, find))


CASES: Final = (
    _case("clerk", "Clerk", CLERK_USERS, _clerk),
    _case("monocloud", "MonoCloud", MONOCLOUD_USERS, _monocloud),
    _case("netwrix", "Netwrix", NETWRIX_USERS, _netwrix),
    _case("mattr", "MATTR", MATTR_USERS, _mattr),
)
