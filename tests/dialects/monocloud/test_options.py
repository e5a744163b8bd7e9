"""The tenant's options, and the questions of its sign-up form."""

from typing import Any

from muster.core.settings.actions import sign_in_settings, update_settings
from tests.dialects.monocloud.service import ON_ONE_ENGINE, MonoCloud
from tests.dialects.monocloud.test_users import codes, members

URL = "/options/authentication"
FIELDS = f"{URL}/signup/custom_fields"


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every member of a document by its whole path."""
    if not isinstance(value, dict):
        return {path: value}
    return {name: each for key, inner in value.items() for name, each in leaves(inner, f"{path}.{key}").items()}


async def test_every_option_can_be_changed_and_nothing_else_changes(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        before = (await client.get(URL)).json()
        assert (await client.patch(URL, json={})).json() == before
        for path, value in leaves(before).items():
            new = other_than(path, value)
            body: Any = new
            for name in reversed(path.strip(".").split(".")):
                body = {name: body}
            answer = await client.patch(URL, json=body)
            assert answer.status_code == 200, (path, answer.text)
            after = leaves(answer.json())
            assert after[path] == new, path
            expected = {**leaves(before), path: new}
            assert after == expected, path
            before = answer.json()
        assert (await client.get(URL)).json() == before


def other_than(path: str, value: Any) -> Any:
    """Another value that the member may have."""
    choices = {"lockout_type": "user_account", "persistence_mode": "user_selected", "expiration_type": "absolute"}
    name = path.rpartition(".")[2]
    if name in choices:
        return choices[name]
    if name == "verification_type":
        return "both"
    if name == "restriction_mode":
        return "date_and_count"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return ["192.0.2.7"]
    return 90 if name == "expiry" else "https://example.com/terms"


@ON_ONE_ENGINE
async def test_options_that_are_none(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        before = (await client.get(URL)).json()
        for body, wrong in (
            ({"identifiers": None}, {"identifiers"}),
            ({"identifiers": []}, {"identifiers"}),
            ({"session": {"expiration_type": "never"}}, {"session.expiration_type"}),
            (
                {"authenticators": {"password": {"strength": {"minimum_length": 0, "require_digit": 1}}}},
                {
                    "authenticators.password.strength.minimum_length",
                    "authenticators.password.strength.require_digit",
                },
            ),
            (
                {"sign_up": {"blocklist": {"identifiers": ["a", 5]}, "allowlist": {"enabled": None}}},
                {"sign_up.blocklist.identifiers[1]", "sign_up.allowlist.enabled"},
            ),
        ):
            assert set(members(await client.patch(URL, json=body))) == wrong
        assert (await client.get(URL)).json() == before


async def test_what_the_core_knows_is_shown_whoever_changed_it(monocloud: MonoCloud) -> None:
    from msgspec.structs import replace

    async with monocloud.client() as client:
        await client.patch(URL, json={"session": {"sliding_session_lifetime": 99}})
        await monocloud.act(update_settings, lambda settings: replace(settings, shortest_username=5))
        options = (await client.get(URL)).json()
        assert options["identifiers"]["username"]["minimum_length"] == 5
        assert options["session"]["sliding_session_lifetime"] == 99
        assert codes(await client.post("/users", json={"username": "four"})) == ["InvalidUserName"]
        await client.patch(URL, json={"identifiers": {"email": {"required_at_sign_up": True}}})
        assert codes(await client.post("/users", json={"username": "longer"})) == ["EmailRequired"]
        body = {"username": "longer", "skip_conformance_checks": True}
        assert (await client.post("/users", json=body)).status_code == 201
    assert (await sign_in_settings(monocloud.store, monocloud.tenant.number)).email.required_at_sign_up is True


@ON_ONE_ENGINE
async def test_sign_up_questions(monocloud: MonoCloud) -> None:
    field = {"enabled": True, "required": False, "claim_name": "team", "value_type": "string", "label": "Your team"}
    async with monocloud.client() as client:
        assert (await client.get(FIELDS)).json() == []
        answer = await client.post(FIELDS, json=field)
        assert (answer.status_code, answer.json()) == (201, field)
        assert codes(await client.post(FIELDS, json=field)) == ["DuplicateClaimName"]
        assert codes(await client.post(FIELDS, json={**field, "claim_name": "email"})) == ["ReservedClaimName"]
        answer = await client.patch(f"{FIELDS}/team", json={"claim_name": "crew", "required": True})
        assert answer.json() == {**field, "claim_name": "crew", "required": True}
        assert (await client.get(f"{FIELDS}/crew")).json() == answer.json()
        assert (await client.get(FIELDS)).json() == [answer.json()]
        for wrong in ("a b", "1a", "", "x" * 65):
            assert set(members(await client.post(FIELDS, json={**field, "claim_name": wrong}))) == {"claim_name"}
        assert set(members(await client.post(FIELDS, json={}))) == set(field)
        assert (await client.delete(f"{FIELDS}/crew")).status_code == 204
        for method in ("GET", "PATCH", "DELETE"):
            answer = await client.request(method, f"{FIELDS}/crew", json={})
            assert (answer.status_code, answer.json()["error_code"]) == (404, "custom_field_not_found")
