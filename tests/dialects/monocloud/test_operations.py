"""Every operation of the contract, called as the vendor's client calls it: status, body and headers by the contract's shapes."""

import json
import re
from typing import Any

import httpx

from muster.core.actor import EVERYTHING
from muster.dialects.monocloud.app import MANAGEMENT
from tests.dialects.monocloud.facts import OPERATIONS, PAGE, PROBLEM, REQUESTS, problems_of
from tests.dialects.monocloud.people import APP, PASSWORD, SUBJECT, Jane, jane
from tests.dialects.monocloud.service import ON_ONE_ENGINE, MonoCloud

BODIES: dict[str, dict[str, Any]] = {
    "createUser": REQUESTS["createUser.request"],
    "updateUsername": REQUESTS["updateUsername.request"],
    "addEmail": REQUESTS["addEmail.request"],
    "addPhone": {"phone_number": "+441514960460", "is_verified": True},
    "verifyEmail": REQUESTS["verifyEmail.request"],
    "disableUser": REQUESTS["disableUser.request"],
    "patchClaims": REQUESTS["patchClaims.request"],
    "patchPrivateData": REQUESTS["patchPrivateData.request"],
    "patchPublicData": REQUESTS["patchPublicData.request"],
    "resetPassword": REQUESTS["resetPassword.request"],
    "setPassword": {"password": PASSWORD, "is_temporary_password": False},
    "changePassword": {"old_password": PASSWORD, "new_password": "Another-Pass-1", "revoke_sessions": False},
    "unblockIp": REQUESTS["unblockIp.request"],
    "externalAuthenticatorDisconnect": {"authenticator": "google", "provider_user_id": SUBJECT},
    "createGroup": {**REQUESTS["createGroup.request"], "name": "Others"},
    "patchGroup": {"name": "Renamed", "is_auto_assigned": True},
    "patchAuthenticationOptions": {"identifiers": {"username": {"minimum_length": 3}}},
    "createSignUpCustomField": {
        "enabled": True,
        "required": False,
        "claim_name": "team",
        "value_type": "string",
        "label": "Your team",
    },
    "patchSignUpCustomField": {"label": "Which team"},
}

LAST = (
    "revokeUserClientGrants",
    "revokeUserSession",
    "removeUserFromGroup",
    "deleteSignUpCustomField",
    "deleteGroup",
    "removePassword",
    "deleteUser",
)
"""What takes away what others need, in this order; everything else goes as the contract lists it, but lists before removals."""

FIRST = ("createSignUpCustomField", "createUser", "unblockUser", "changePassword")


def path_of(operation: str, known: Jane) -> str:
    spare = operation.startswith("remove") or operation in ("setPrimaryEmail", "setPrimaryPhone", "verifyEmail")
    phone = "/phones/" in OPERATIONS[operation]["path"]
    identifier = (
        (known.spare_phone if phone else known.spare_email) if spare else (known.phone if phone else known.email)
    )
    values = {
        "user_id": known.user_id,
        "group_id": known.group,
        "identifier_id": identifier,
        "passkey_id": known.passkey,
        "session_id": known.session,
        "client_id": APP,
        "consent_id": known.grants["consent"],
        "code_id": known.grants["code"],
        "claim_name": "team",
        "token_id": known.grants["reference_token" if "Reference" in operation else "refresh_token"],
    }
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], OPERATIONS[operation]["path"])


async def call(client: httpx.AsyncClient, operation: str, known: Jane) -> httpx.Response:
    body = BODIES.get(operation)
    content = None if body is None else json.dumps(body)
    return await client.request(OPERATIONS[operation]["method"], path_of(operation, known), content=content)


def in_order() -> list[str]:
    def place(operation: str) -> int:
        if operation in FIRST:
            return FIRST.index(operation)
        if operation in LAST:
            return 1000 + LAST.index(operation)
        method = OPERATIONS[operation]["method"]
        return 100 if method == "GET" else 900 if method == "DELETE" else 500

    return sorted(OPERATIONS, key=place)


def test_the_table_of_routes_is_the_contract() -> None:
    served = {route.title: (route.method, route.path, route.about.status) for route in MANAGEMENT}
    assert served == {name: (each["method"], each["path"], each["status"]) for name, each in OPERATIONS.items()}


async def test_every_operation_answers_by_the_contract(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    wrong = {}
    async with monocloud.client() as client:
        for operation in in_order():
            answer = await call(client, operation, known)
            expected = OPERATIONS[operation]
            problems = [] if answer.status_code == expected["status"] else [f"{answer.status_code} {answer.text}"]
            if expected["answer"] is None:
                problems += [answer.text] if answer.content else []
            else:
                problems += problems_of(expected["answer"], answer.json())
                assert answer.headers["content-type"].startswith("application/json")
            if expected["paged"]:
                model = json.loads(answer.headers["x-pagination"])
                problems += problems_of(PAGE, model)
                problems += [] if list(model) == list(PAGE_MEMBERS) else [f"members {list(model)}"]
                problems += [] if answer.json() else ["nothing is listed"]
            assert ("x-pagination" in answer.headers) is expected["paged"], operation
            if problems:
                wrong[operation] = problems
    assert wrong == {}


PAGE_MEMBERS = ("page_size", "current_page", "total_count", "has_previous", "has_next")


async def test_every_sort_of_the_contract_is_known(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    refused = []
    async with monocloud.client() as client:
        for name, operation in OPERATIONS.items():
            for field in operation["sorts"]:
                for direction in ("1", "-1"):
                    answer = await client.get(path_of(name, known), params={"sort": f"{field}:{direction}"})
                    if answer.status_code != 200 or not answer.json():
                        refused.append((name, field, answer.text))
    assert refused == []


@ON_ONE_ENGINE
async def test_every_operation_refuses_a_key_that_may_do_all_but_this(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    answers = {}
    for route in MANAGEMENT:
        assert route.needs, route.title
        key = await monocloud.limited_key(sorted(EVERYTHING - set(route.needs)))
        async with monocloud.client(key) as client:
            answer = await call(client, route.title, known)
        answers[route.title] = (answer.status_code, problems_of(PROBLEM, answer.json()))
    assert answers == {route.title: (403, []) for route in MANAGEMENT}


async def test_nobody_is_let_in_without_a_key_of_this_very_tenant(monocloud: MonoCloud) -> None:
    other = MonoCloud(monocloud.engine)
    await other.prepare("other")
    known = await jane(monocloud)
    try:
        for key in ("", "wrong", other.key, "x" * 300, "é"):
            async with monocloud.client() as client:
                client.headers = httpx.Headers({"x-api-key": key}, encoding="utf-8")
                for route in MANAGEMENT:
                    answer = await call(client, route.title, known)
                    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized"), route.title
                    assert answer.headers["content-type"] == "application/problem+json"
        async with other.client() as client:
            assert (await client.get("/users")).json() == []
            for route in MANAGEMENT:
                if "{user_id}" in route.path or "{group_id}" in route.path:
                    answer = await call(client, route.title, known)
                    assert answer.status_code == 404, (route.title, answer.text)
                    assert problems_of(PROBLEM, answer.json()) == []
    finally:
        await other.epochs.stop()
        other.passwords.close()


async def test_a_revoked_key_opens_nothing(monocloud: MonoCloud) -> None:
    from muster.core.api_keys.actions import revoke_api_key
    from muster.dialects.monocloud import furnish
    from tests.dialects.monocloud.service import SECRETS

    key, text = await monocloud.act(furnish.create_key, "short-lived")
    async with monocloud.client(text) as client:
        assert (await client.get("/users")).status_code == 200
        await monocloud.act(revoke_api_key, key.id)
        assert (await client.get("/users")).status_code == 401
    assert await monocloud.act(furnish.first_key, SECRETS) == monocloud.key
    await monocloud.act(furnish.furnish, SECRETS)
    assert await monocloud.act(furnish.first_key, SECRETS) == monocloud.key
