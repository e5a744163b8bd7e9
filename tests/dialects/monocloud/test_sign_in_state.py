"""Disabled, locked out, blocked addresses, passkeys, identities elsewhere."""

from tests.dialects.monocloud.people import APP, SUBJECT, jane, shown
from tests.dialects.monocloud.service import ON_ONE_ENGINE, MonoCloud
from tests.dialects.monocloud.test_users import members


async def test_disabling_is_a_switch_of_its_own(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}"
    async with monocloud.client() as client:
        for path, disabled in (("disable", True), ("disable", True), ("enable", False), ("enable", False)):
            answer = await client.post(f"{url}/{path}")
            assert (answer.status_code, answer.json()["disabled"]) == (200, disabled)
            assert answer.json()["failure_count"] == 3
        assert len((await client.get(f"{url}/sessions")).json()) == 1
        answer = await client.post(f"{url}/disable", json={"revoke_sessions": True})
        assert answer.json()["disabled"] is True
        assert (await client.get(f"{url}/sessions")).json() == []
        assert (await client.get(f"{url}/grants/refresh_tokens")).json() == []
        assert set(members(await client.post(f"{url}/disable", json={"revoke_sessions": 1}))) == {"revoke_sessions"}


async def test_a_lockout_is_lifted_and_blocked_addresses_stay(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}"
    async with monocloud.client() as client:
        for _ in range(2):
            user = (await client.post(f"{url}/unblock")).json()
            assert (user["block_until"], user["failure_count"], user["sign_in_attempts_count"]) == (None, 0, 21)
        assert len((await client.get(f"{url}/blocked_ips")).json()) == 2


@ON_ONE_ENGINE
async def test_blocked_addresses_are_listed_found_and_cleared(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}/blocked_ips"

    async with monocloud.client() as client:

        async def ips(**query: str) -> list[str]:
            return [block["ip"] for block in (await client.get(url, params=query)).json()]

        assert (await client.get(url)).json()[0] == {
            "ip": "127.0.0.1",
            "failure_count": 4,
            "block_until": 1_800_086_400,
            "sign_in_attempts_count": 20,
            "last_sign_in_attempt": 1_800_000_000,
        }
        assert await ips(sort="block_until:1") == ["1.1.1.1", "127.0.0.1"]
        assert await ips(filter="1.1.1.1") == ["1.1.1.1"]
        assert await ips(filter="failure_count:>4") == ["1.1.1.1"]
        assert await ips(filter="NOT ip:1.1.*") == ["127.0.0.1"]
        assert await ips(size="1", page="2") == ["1.1.1.1"]
        assert (await client.get(url, params={"filter": "colour:red"})).status_code == 400
        answer = await client.post(f"{url}/unblock", json={"ip_address": "9.9.9.9"})
        assert (answer.status_code, answer.json()["user_id"]) == (200, known.user_id)
        await client.post(f"{url}/unblock", json={"ip_address": "127.0.0.1"})
        assert await ips() == ["1.1.1.1"]
        await client.post(f"{url}/unblock", json={"ip_address": "all"})
        assert await ips() == []
        assert set(members(await client.post(f"{url}/unblock"))) == {"ip_address"}


@ON_ONE_ENGINE
async def test_passkeys_are_only_taken_away(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}/passkeys/{known.passkey}"
    async with monocloud.client() as client:
        assert (await client.delete(url)).status_code == 204
        answer = await client.delete(url)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "passkey_not_found")
        assert (await shown(client, known.user_id))["passkeys"] == []


@ON_ONE_ENGINE
async def test_an_identity_is_disconnected_by_its_providers_name_or_kind(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}/external_authenticator/disconnect"
    async with monocloud.client() as client:
        for wrong in (
            {"provider": "apple", "provider_user_id": SUBJECT},
            {"provider": "google", "provider_user_id": "another"},
        ):
            answer = await client.post(url, json=wrong)
            assert (answer.status_code, answer.json()["error_code"]) == (404, "external_provider_not_found")
        assert set(members(await client.post(url, json={"provider_user_id": SUBJECT}))) == {"provider"}
        assert set(members(await client.post(url, json={"provider": "google"}))) == {"provider_user_id"}
        answer = await client.post(url, json={"provider": "google", "provider_user_id": SUBJECT})
        assert (answer.status_code, answer.json()["external_providers"]) == (200, [])
        assert [connection["idp"] for connection in answer.json()["connections"]] == ["monocloud"]


async def test_sessions_and_what_is_bound_to_them(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}"
    async with monocloud.client() as client:
        session = (await client.get(f"{url}/sessions/{known.session}")).json()
        assert session == {
            "session_id": known.session,
            "client_ids": [APP],
            "initiated_at": 1_800_000_000,
            "expires_at": 1_800_086_400,
            "last_updated": 1_800_000_000,
            "last_metadata": {
                "city": "Los Angeles",
                "country": None,
                "region": None,
                "latitude": "34.043238",
                "longitude": "-118.250918",
                "ip_address": None,
                "user_agent": None,
            },
        }
        assert (await client.get(f"{url}/sessions", params={"client_id": APP})).json() == [session]
        assert (await client.get(f"{url}/sessions", params={"client_id": "other"})).json() == []
        for kind in ("refresh_tokens", "reference_tokens", "codes"):
            grants = f"{url}/grants/{kind}"
            for query, count in (
                ({}, 1),
                ({"client_id": APP, "session_id": known.session}, 1),
                ({"session_id": "A" * 32}, 0),
                ({"session_id": "nonsense"}, 0),
                ({"client_id": "other"}, 0),
            ):
                assert len((await client.get(grants, params=query)).json()) == count, (kind, query)
        for wrong in ("0" * 32, "nonsense"):
            assert (await client.delete(f"{url}/sessions/{wrong}")).status_code == 404
        assert (await client.delete(f"{url}/sessions/{known.session}")).status_code == 204
        assert (await client.delete(f"{url}/sessions/{known.session}")).status_code == 404
        assert (await client.get(f"{url}/sessions/{known.session}")).status_code == 404
        assert (await client.get(f"{url}/grants/reference_tokens")).json() == []
        (refresh,) = (await client.get(f"{url}/grants/refresh_tokens")).json()
        assert refresh == {
            "id": known.grants["refresh_token"],
            "client_id": APP,
            "creation_time": 1_800_000_000,
            "session_id": known.session,
            "is_session_bound": False,
            "scopes": ["openid"],
            "expiration": 1_800_003_600,
            "audiences": ["https://api.example.com"],
            "issuer": "https://users.example.com",
        }


async def test_grants_are_revoked_one_by_one_and_by_application(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    other = await monocloud.created(email="other@example.com")
    url = f"/users/{known.user_id}/grants"
    async with monocloud.client() as client:
        code = known.grants["code"]
        for path in (f"refresh_tokens/{code}", "codes/nonsense", f"consents/{'A' * 21}"):
            answer = await client.delete(f"{url}/{path}")
            assert (answer.status_code, answer.json()["error_code"]) == (404, "grant_not_found")
        assert (await client.delete(f"/users/{other['user_id']}/grants/codes/{code}")).status_code == 404
        assert (await client.delete(f"{url}/codes/{code}")).status_code == 204
        (held,) = (await client.get(f"{url}/clients")).json()
        assert (held["authorization_codes"], held["refresh_tokens"], held["consented"]) == (0, 1, True)
        assert (await client.delete(f"{url}/clients/unknown")).status_code == 204
        assert (await client.delete(f"{url}/clients/{APP}")).status_code == 204
        assert (await client.get(f"{url}/clients")).json() == []
        assert (await client.get(f"{url}/consents")).json() == []
