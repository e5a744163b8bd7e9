"""Netwrix's operations: something of everything in a tenant, and how each is called, by every verb that it has."""

from __future__ import annotations

from typing import Any

from muster.dialects.netwrix.app import routes
from tests.access.estate import PASSWORD, Tenant, good
from tests.access.plans import Plan, Plans

ROUTES = routes().table


async def settle(tenant: Tenant) -> dict[str, str]:
    """Make what the plans are about."""
    word = tenant.word.lower()
    async with await tenant.house.client("netwrix", tenant.name) as http:
        names = {}
        for name in ("reader", "doomed_get", "doomed_post"):
            names[name] = f"{name}.{word}0x"
            details = {"UserName": names[name], "FirstName": word, "Email": f"{name}@netwrix.{word}.example"}
            made = good(await http.post("/users/add/", json={"UserDetails": details, "Password": PASSWORD}))
            assert made["UserName"] == names[name]
        roles = {}
        for name in ("role", "doomed_role_get", "doomed_role_post"):
            roles[name] = f"{name}-{word}0x"
            good(await http.post("/userRoles/add", json={"Name": roles[name], "DisplayName": word}))
    return {**names, **roles}


def _by_both(path: str, members: dict[str, Any], route: str = "", status: int = 0) -> dict[str, Plan]:
    """By GET in the query, by POST in the body. `_VERB` in a text becomes the verb."""
    return {f"{verb} {route or path}": Plan(path, **_sent(members, verb), status=status) for verb in ("GET", "POST")}


def _sent(members: dict[str, Any], verb: str) -> dict[str, Any]:
    named = _for(members, verb.lower())
    if verb == "POST":
        return {"json": named}
    return {"query": {name: _jsv(value) for name, value in named.items()}}


def _for(value: Any, verb: str) -> Any:
    if isinstance(value, dict):
        return {name: _for(inner, verb) for name, inner in value.items()}
    return value.replace("_VERB", f"_{verb}") if isinstance(value, str) else value


def _jsv(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}:{_jsv(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_jsv(inner) for inner in value) + "]"
    return str(value)


_READER = {"UserName": "{reader}"}
_ADMIN = {"AdminName": "{reader}"}

PLANS: Plans = {
    "GET /openapi.json": Plan("/openapi.json"),
    **_by_both("/api/users/add/", {"UserDetails": {"UserName": "added_VERB"}, "Password": PASSWORD}),
    **_by_both("/api/users/{reader}", {}, "/api/users/{UserName}"),
    **_by_both("/api/users/", {}),
    **_by_both("/api/users/update/", {"UserDetails": {"UserName": "{reader}", "FirstName": "x_VERB"}}),
    **_by_both("/api/users/reset/", _READER),
    **_by_both("/api/users/validatepassword/", {**_READER, "Password": PASSWORD}),
    "GET /api/users/updatepassword/": Plan(
        "/api/users/updatepassword/", query={**_READER, "CurrentPassword": PASSWORD, "Password": f"{PASSWORD} again"}
    ),
    "POST /api/users/updatepassword/": Plan(
        "/api/users/updatepassword/", {**_READER, "CurrentPassword": f"{PASSWORD} again", "Password": PASSWORD}
    ),
    **_by_both("/api/users/resetpassword/", {"UserName": "{doomed_post}"}),
    "POST /api/users/previewresetpassword/": Plan("/api/users/previewresetpassword/", {"UserName": "{doomed_post}"}),
    "POST /api/users/twofactorstatus": Plan(
        "/api/users/twofactorstatus", {"UserName": "{reader}", "Password": "wrong"}, status=401
    ),
    "POST /api/users/elevatetwofactorstatus": Plan(
        "/api/users/elevatetwofactorstatus", {"OneTimePassword": "123456"}, status=400
    ),
    **_by_both("/api/users/reset2fa/", _READER),
    **_by_both("/api/auth", {}),
    **_by_both("/api/auth/nobody", {}, "/api/auth/{provider}", status=404),
    **_by_both("/api/userroles", {"RoleName": "{role}"}),
    **_by_both("/api/permissions/", {}),
    **_by_both("/api/userroles/add", {"Name": "added-role_VERB", "DisplayName": "x"}),
    **_by_both("/api/userroles/update", {"Name": "{role}", "DisplayName": "x_VERB"}),
    **_by_both("/api/userroles/clone", {"NewRoleName": "cloned-role_VERB", "ExistingRoleName": "{role}"}),
    **_by_both("/api/userroles/delete", {"Name": "{doomed_role_VERB}"}),
    **_by_both("/api/userrolespermisions/check", _READER),
    **_by_both("/api/userrolespermissions/check", _READER),
    **_by_both("/api/userrolespermisions", _READER),
    **_by_both("/api/userrolespermissions", _READER),
    **_by_both("/api/userhaschangedpassword", {}),
    **_by_both("/api/timezones", {}),
    **_by_both("/api/resetadminpassword", _ADMIN, status=403),
    **_by_both("/api/resetadminpassword/{reader}", {}, "/api/resetadminpassword/{AdminName}", status=403),
    **_by_both(
        "/api/resetadminpassword/1/{reader}", {}, "/api/resetadminpassword/{OrganizationId}/{AdminName}", status=403
    ),
    **_by_both("/api/users/delete/", {"UserName": "{doomed_VERB}"}),
}

CHANGING = {
    route
    for route in PLANS
    if route.startswith("GET")
    and any(word in route for word in ("add", "delete", "update", "reset", "clone", "validate"))
}
"""The GET twins of what changes something, and what counts as an attempt."""
