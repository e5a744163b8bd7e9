"""Every operation with the permission that it asks for and with all others, as the tables of routes declare it."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from muster.core.actor import Permissions as May
from muster.dialects.kit.routes import Route
from tests.access.conftest import DIALECTS, Estates
from tests.access.credentials import WHOLE, Credentials, client, least, needs_of, sign_in
from tests.access.refusals import shown, told

OPEN = {
    "auth0": {"GET /openapi.json", "POST /oauth/token", "GET /api/v2/jobs/{id}/download"},
    "clerk": {"GET /openapi.json", "GET /images/{name}", "GET /v1/jwks"},
    "monocloud": {"GET /openapi.json", "GET /ui/passwordReset/verify", "GET /ui/emailVerification/verify"},
    "mattr": {"GET /openapi.json", "POST /oauth/token", "GET /v1/oauth/authentication/callback"},
    "netwrix": {
        "GET /openapi.json",
        "POST /api/users/twofactorstatus",
        *(
            f"{verb} {path}"
            for verb in ("GET", "POST")
            for path in (
                "/api/auth",
                "/api/auth/{provider}",
                "/api/users/validatepassword/",
                "/api/resetadminpassword",
                "/api/resetadminpassword/{AdminName}",
                "/api/resetadminpassword/{OrganizationId}/{AdminName}",
            )
        ),
    },
}
"""What anybody may call: it proves its caller by itself, tells nothing, or does nothing."""


_USERS = frozenset({May.USERS_READ})
_ENDS_SESSIONS = frozenset({May.SESSIONS_REVOKE})
_INVITES = frozenset({May.ORGS_READ})
_ORGANIZATION = "/v1/organizations/{organization_id}"

ALSO: dict[str, dict[str, frozenset[str]]] = {
    "clerk": {
        "POST /v1/users/{user_id}/verify_password": _USERS,
        "POST /v1/users/{user_id}/verify_totp": _USERS,
        "POST /v1/users/{user_id}/ban": _ENDS_SESSIONS,
        "POST /v1/users/ban": _ENDS_SESSIONS,
        "POST /v1/users/{user_id}/profile_image": _USERS,
        "GET /v1/users/{user_id}/oauth_access_tokens/{provider}": _USERS,
        "POST /v1/organizations": frozenset({May.ORGS_MEMBERS}),
        f"PUT {_ORGANIZATION}/logo": _USERS | {May.ORGS_READ},
        "GET /v1/users/{user_id}/organization_memberships": _USERS,
        "GET /v1/users/{user_id}/organization_invitations": _USERS,
        f"GET {_ORGANIZATION}/invitations": _INVITES,
        f"POST {_ORGANIZATION}/invitations": _INVITES,
        f"POST {_ORGANIZATION}/invitations/bulk": _INVITES,
        f"GET {_ORGANIZATION}/invitations/pending": _INVITES,
        f"GET {_ORGANIZATION}/invitations/{{invitation_id}}": _INVITES,
        f"POST {_ORGANIZATION}/invitations/{{invitation_id}}/revoke": _INVITES | _USERS,
    },
    "monocloud": {
        "GET /api/users/groups/{group_id}/assigned": _USERS,
        "PUT /api/users/{user_id}/password": _USERS,
        "PUT /api/users/{user_id}/password/change": _USERS,
        "POST /api/users/{user_id}/external_authenticator/disconnect": _USERS,
        "GET /api/users/{user_id}/groups": _USERS,
        "GET /api/users/{user_id}/groups/{group_id}": _USERS,
        "GET /api/users/{user_id}/sessions": _USERS,
        "GET /api/users/{user_id}/sessions/{session_id}": _USERS,
        **{
            f"GET /api/users/{{user_id}}/grants/{kind}": _USERS
            for kind in ("clients", "consents", "reference_tokens", "refresh_tokens", "codes")
        },
    },
}
"""What an operation needs besides, each of these: it reads the user or organization that it is about, or ends sessions."""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_operation_asks_who_calls_but_these(dialect: str) -> None:
    routes = DIALECTS[dialect].ROUTES
    assert {f"{route.method} {route.path}" for route in routes if route.needs is None} == OPEN[dialect]
    for route in routes:
        if route.needs is not None and dialect != "netwrix":  # where a session is enough for one's own account
            assert needs_of(dialect, route), f"{route.method} {route.path} is open to every key"


async def test_every_operation_with_and_without_its_permission(estates: Estates) -> None:
    """All permissions but one that is asked for are refused and change nothing; just those that are asked for are enough."""
    await _managing_some_users_opens_the_door_to_those_alone(estates)
    ours, ids = estates.ours, estates.our_ids
    credentials = Credentials(ours)
    missing = [
        (name, written, route, without)
        for name, module in DIALECTS.items()
        for written, route in written_routes(module).items()
        for without in without_one(name, written, route)
    ]
    for name, _, _, without in missing:
        await credentials.holding(name, WHOLE[name] - without)
    anybody = await sign_in(ours, ids["netwrix"]["reader"])
    before = await estates.rows(ours)
    for name, written, route, without in missing:
        async with client(ours, name, await credentials.holding(name, WHOLE[name] - without)) as http:
            answer = await DIALECTS[name].PLANS[written].send(http, written, ids[name])
        assert answer.status_code == 403, (name, written, sorted(without), answer.status_code, answer.text)
        assert shown(name, answer) == told(name, "forbidden", route), (written, without)
    assert await estates.rows(ours) == before

    refused = []
    for name, module in DIALECTS.items():
        routes = written_routes(module)
        for written, plan in module.PLANS.items():
            needs = needs_of(name, routes[written]) | ALSO.get(name, {}).get(written, frozenset())
            of_own_account = name == "netwrix" and not needs
            credential = anybody if of_own_account else await credentials.holding(name, least(name, needs))
            async with client(ours, name, credential) as http:
                answer = await plan.send(http, written, ids[name])
            if not plan.allowed(answer):
                refused.append((name, written, sorted(needs), answer.status_code, answer.text))
    assert refused == []


def written_routes(module: ModuleType) -> dict[str, Route]:
    return {f"{route.method} {route.path}": route for route in module.ROUTES}


def without_one(dialect: str, written: str, route: Route) -> Iterator[frozenset[str]]:
    """What can be taken from a credential that holds all, so that the operation must be refused."""
    needs = needs_of(dialect, route)
    if needs:
        yield needs
    for also in sorted(ALSO.get(dialect, {}).get(written, ())):
        yield frozenset({also})


async def _managing_some_users_opens_the_door_to_those_alone(estates: Estates) -> None:
    """The lesser of two powers that open a door."""
    ids = estates.our_ids["netwrix"]
    assert May.HUB_USERS_IN_GROUPS not in WHOLE["netwrix"]
    async with await estates.house.client("netwrix") as admin:
        details = {"UserName": "some-manager", "Roles": ["useradmin"], "Groups": ["Night shift"]}
        await admin.post("/users/add", json={"UserDetails": details, "Password": "correct horse battery 9"})
        await admin.post("/users/update", json={"UserDetails": {"UserName": ids["reader"], "Groups": ["Night shift"]}})
    async with client(estates.ours, "netwrix", await sign_in(estates.ours, "some-manager")) as http:
        listed = (await http.get("/api/users/")).json()
        assert sorted(user["UserName"] for user in listed) == sorted(["some-manager", ids["reader"]])
        assert (await http.get(f"/api/users/{ids['reader']}")).status_code == 200
        assert (await http.get(f"/api/users/{ids['doomed_get']}")).status_code == 403
