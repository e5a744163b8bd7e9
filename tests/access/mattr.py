"""MATTR's operations: something of everything in a tenant, and how each is called, at every path that it has."""

from __future__ import annotations

from uuid import uuid4

from muster.dialects.mattr.app import EVENTS, PROVIDERS, USERS, routes
from tests.access.estate import Tenant, good
from tests.access.plans import Plan, Plans, several

ROUTES = routes().table
CHANGING = frozenset[str]()


async def settle(tenant: Tenant) -> dict[str, str]:
    """Make what the plans are about."""
    word = tenant.word
    async with await tenant.house.client("mattr", tenant.name) as http:
        users = [
            good(await http.post("/users", json={"claims": {"email": f"mattr{n}@{word}.example", "name": word}}))["id"]
            for n in range(len(USERS) + 1)
        ]
        provider = good(
            await http.post("/users/authentication-providers", json=_provider(f"https://{word}.example.com"))
        )
    await tenant.issue(users[0].replace("-", ""), str(uuid4()))
    return {
        "user": users[0],
        "email": f"mattr0@{word}.example",
        "provider": provider["id"],
        **{f"doomed_{number}": id_ for number, id_ in enumerate(users[1:], 1)},
    }


def _provider(url: str) -> dict[str, object]:
    return {
        "url": url,
        "clientId": "vJ0SCKchr4XjC0xHNE8DkH6Pmlg2lkCN",
        "clientSecret": "s" * 40,
        "scope": ["openid"],
        "tokenEndpointAuthMethod": "client_secret_post",
    }


_OF_USERS: Plans = {
    "POST BASE/users/search": Plan("BASE/users/search", {"claims": {"email": "{email}"}}),
    "GET BASE/users": Plan("BASE/users"),
    "POST BASE/users": Plan("BASE/users", {"claims": {"name": "New"}}),
    "GET BASE/users/{id}": Plan("BASE/users/{user}"),
    "PUT BASE/users/{id}": Plan("BASE/users/{user}", {"claims": {"name": "x"}}),
    "GET BASE/users/{userId}/credentials": Plan("BASE/users/{user}/credentials"),
    "DELETE BASE/users/{id}": Plan("BASE/users/{doomed_N}"),
}
_OF_PROVIDERS: Plans = {
    "GET BASE": Plan("BASE"),
    "GET BASE/{id}": Plan("BASE/{provider}"),
    "PUT BASE/{id}": Plan("BASE/{provider}", {"clientId": "x"}),
}
_NEW = _provider("https://new.example.com")

PLANS: Plans = {
    "GET /openapi.json": Plan("/openapi.json"),
    "GET /v1/oauth/authentication/callback": Plan("/v1/oauth/authentication/callback", query={"code": "x"}, status=303),
    "POST /oauth/token": Plan("/oauth/token", {"grant_type": "client_credentials", "client_id": "{user}"}, status=401),
    **several(USERS, _OF_USERS),
    **several(PROVIDERS, _OF_PROVIDERS),
    # A tenant has at most one.
    **several(PROVIDERS[:1], {"DELETE BASE/{id}": Plan("BASE/{provider}")}),
    **several(PROVIDERS[1:], {"DELETE BASE/{id}": Plan("BASE/{provider}", status=404)}),
    **several(PROVIDERS[:1], {"POST BASE": Plan("BASE", _NEW)}),
    **several(PROVIDERS[1:], {"POST BASE": Plan("BASE", _NEW, status=400)}),
    **several(EVENTS, {"GET BASE": Plan("BASE")}),
}
