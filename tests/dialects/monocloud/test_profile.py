"""Claims, and the two documents of programs."""

from typing import Any

from tests.dialects.monocloud.facts import REQUESTS
from tests.dialects.monocloud.people import shown
from tests.dialects.monocloud.service import ON_ONE_ENGINE, MonoCloud
from tests.dialects.monocloud.test_users import codes, members


async def test_only_the_claims_that_were_sent_change(monocloud: MonoCloud) -> None:
    user = await monocloud.created(given_name="Jane", name="Jane")
    url = f"/users/{user['user_id']}/claims"
    monocloud.clock.turn(seconds=5)
    every = {
        **REQUESTS["patchClaims.request"],
        "preferred_username": "jd",
        "profile": "https://example.com/jd",
        "birthdate": "1990-02-28",
        "website": "https://example.com",
        "gender": "female",
        "zoneinfo": "Europe/London",
        "locale": "en-GB",
        "address": {"street_address": "1 High Street", "locality": "Leeds", "country": "GB"},
    }
    async with monocloud.client() as client:
        answer = await client.patch(url, json=every)
        assert (answer.status_code, answer.json()["claims"]) == (200, every)
        assert answer.json()["last_updated"] == 1_800_000_005
        monocloud.clock.turn(seconds=5)
        answer = await client.patch(
            url, json={"nickname": None, "address": {"locality": "York", "country": None}, "locale": None}
        )
        expected: dict[str, Any] = {
            name: value for name, value in every.items() if name not in ("nickname", "locale", "address")
        }
        expected["address"] = {"street_address": "1 High Street", "locality": "York"}
        assert answer.json()["claims"] == expected
        nothings: tuple[dict[str, Any], ...] = ({}, {"address": {}}, {"nickname": None})
        for nothing in nothings:
            monocloud.clock.turn(seconds=5)
            answer = await client.patch(url, json=nothing)
            assert (answer.json()["claims"], answer.json()["last_updated"]) == (expected, 1_800_000_010)
        answer = await client.patch(url, json={"address": None})
        assert "address" not in answer.json()["claims"]
        answer = await client.patch(url, json={"address": {"formatted": None}})
        assert "address" not in answer.json()["claims"]


@ON_ONE_ENGINE
async def test_claims_that_are_none(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}/claims"
    async with monocloud.client() as client:
        for body, wrong in (
            ({"role": "admin", "email": "x@example.com"}, {"role", "email"}),
            ({"name": 1, "address": {"locality": 5}}, {"name", "address.locality"}),
            ({"address": []}, {"address"}),
            ({"birthdate": "28.2.1990"}, {"birthdate"}),
            ({"zoneinfo": "Mars/Olympus", "locale": "not a tag"}, {"zoneinfo", "locale"}),
            ({"skip_conformance_checks": "no"}, {"skip_conformance_checks"}),
        ):
            assert set(members(await client.patch(url, json=body))) == wrong, body
        assert (await shown(client, user["user_id"]))["claims"] == {}


async def test_the_tenants_own_questions_become_claims(monocloud: MonoCloud) -> None:
    field = {"enabled": True, "required": True, "claim_name": "team", "value_type": "string", "label": "Your team"}
    async with monocloud.client() as client:
        assert (await client.post("/options/authentication/signup/custom_fields", json=field)).status_code == 201
        assert codes(await client.post("/users", json={"email": "a@example.com"})) == ["ClaimRequired"]
        assert set(members(await client.post("/users", json={"email": "a@example.com", "team": 1}))) == {"team"}
        answer = await client.post("/users", json={"email": "a@example.com", "team": "Blue"})
        assert answer.json()["claims"] == {"team": "Blue"}
        url = f"/users/{answer.json()['user_id']}/claims"
        assert codes(await client.patch(url, json={"team": None})) == ["ClaimRequired"]
        assert (await client.patch(url, json={"name": "Ann"})).json()["claims"] == {"team": "Blue", "name": "Ann"}
        assert (await client.patch(url, json={"team": "Red"})).json()["claims"] == {"team": "Red", "name": "Ann"}
        answer = await client.patch(url, json={"team": None, "skip_conformance_checks": True})
        assert answer.json()["claims"] == {"name": "Ann"}


async def test_data_is_merged_at_its_first_level(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    async with monocloud.client() as client:
        for kind, request in (("private_data", "patchPrivateData"), ("public_data", "patchPublicData")):
            url, sent = f"/users/{user['user_id']}/{kind}", REQUESTS[f"{request}.request"][kind]
            assert (await client.get(url)).json() == {kind: {}}
            assert (await client.patch(url, json={kind: sent})).json() == {kind: sent}
            changed = {"one": {"deep": None, "n": 1.50}, next(iter(sent)): None}
            answer = await client.patch(url, json={kind: changed})
            expected = {**dict(list(sent.items())[1:]), "one": {"deep": None, "n": 1.5}}
            assert answer.json() == {kind: expected}
            assert list(answer.json()[kind]) == list(expected)
            nothings: tuple[dict[str, Any], ...] = ({kind: {}}, {kind: None})
            for nothing in nothings:
                assert (await client.patch(url, json=nothing)).json() == {kind: expected}
            assert (await client.get(url)).json() == {kind: expected}
            assert (await shown(client, user["user_id"]))[kind] == expected
            wrong: tuple[dict[str, Any], ...] = ({}, {kind: []}, {kind: "x"})
            for body in wrong:
                assert set(members(await client.patch(url, json=body))) == {kind}
        big = {"private_data": {str(n): "x" * 100_000 for n in range(9)}}
        assert (await client.patch(f"/users/{user['user_id']}/private_data", json=big)).status_code == 200
        answer = await client.patch(
            f"/users/{user['user_id']}/private_data",
            json={"private_data": {f"more{n}": "x" * 100_000 for n in range(9)}},
        )
        assert (answer.status_code, answer.json()["error_code"]) == (400, "user_too_large")
