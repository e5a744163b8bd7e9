"""E-mails, phone numbers and user names, one by one."""

from typing import Any

from msgspec.structs import replace

from muster.core.tickets.actions import verify_by_ticket
from muster.core.users.model import Verification
from tests.dialects.monocloud.people import jane, shown
from tests.dialects.monocloud.service import ON_ONE_ENGINE, PUBLIC_URL, MonoCloud
from tests.dialects.monocloud.test_users import codes, members


def values(user: dict[str, Any]) -> list[tuple[str, bool, bool]]:
    """The e-mails with whether each is primary and proved."""
    return [(email["email"], email["primary"], email["verified"]) for email in user["emails"]]


async def test_emails_come_and_go_and_one_is_always_primary(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}/emails"
    monocloud.clock.turn(seconds=1)
    async with monocloud.client() as client:
        added = await client.post(url, json={"email": "B@Example.com", "is_verified": True})
        assert added.status_code == 200
        monocloud.clock.turn(seconds=1)
        await client.post(url, json={"email": "c@example.com"})
        user = await shown(client, user["user_id"])
        assert values(user) == [
            ("jane@example.com", True, False),
            ("b@example.com", False, True),
            ("c@example.com", False, False),
        ]
        ids = {email["email"]: email["id"] for email in user["emails"]}
        for _ in range(2):
            answer = await client.post(f"{url}/{ids['c@example.com']}/primary")
            assert values(answer.json())[0] == ("c@example.com", True, False)
        answer = await client.delete(f"{url}/{ids['c@example.com']}")
        assert values(answer.json()) == [("b@example.com", True, True), ("jane@example.com", False, False)]
        for word, proved in (("verify", True), ("verify", True), ("unverify", False), ("unverify", False)):
            answer = await client.post(f"{url}/{ids['jane@example.com']}/{word}")
            assert (answer.status_code, answer.json()["emails"][1]["verified"]) == (200, proved)
        for email_id in (ids["b@example.com"], ids["jane@example.com"]):
            answer = await client.delete(f"{url}/{email_id}")
        assert (answer.status_code, answer.json()["emails"]) == (200, [])
        await monocloud.created(email="b@example.com")


async def test_identifiers_that_are_not_the_users(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    other = await monocloud.created(email="other@example.com", phone_number="+441514960499")
    url = f"/users/{known.user_id}"
    async with monocloud.client() as client:
        for path in (
            f"emails/{other['emails'][0]['id']}",
            f"phones/{other['phone_numbers'][0]['id']}",
            f"emails/{known.phone}",
        ):
            for method, suffix in (("DELETE", ""), ("POST", "/primary"), ("POST", "/verify"), ("POST", "/unverify")):
                answer = await client.request(method, f"{url}/{path}{suffix}")
                assert (answer.status_code, answer.json()["error_code"]) == (404, "identifier_not_found")
        for wrong in ("x", "%00", "1" * 33, "00000000-0000-0000-0000-00000000000g"):
            answer = await client.delete(f"{url}/emails/{wrong}")
            assert answer.status_code == (400 if wrong == "%00" else 422), answer.text
        assert codes(await client.post(f"{url}/emails", json={"email": "other@example.com"})) == ["DuplicateEmail"]
        assert codes(await client.post(f"{url}/emails", json={"email": "JANE@example.com"})) == ["DuplicateIdentifier"]
        answer = await client.post(f"{url}/phones", json={"phone_number": "+441514960499"})
        assert codes(answer) == ["DuplicatePhoneNumber"]
        assert set(members(await client.post(f"{url}/phones", json={"phone_number": "0151"}))) == {"phone_number"}
        assert set(members(await client.post(f"{url}/emails"))) == {"email"}


async def test_a_username_is_set_changed_and_removed(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    await monocloud.created(email="b@example.com", username="taken")
    url = f"/users/{user['user_id']}/username"
    async with monocloud.client() as client:
        first = (await client.put(url, json={"username": "Jane"})).json()["username"]
        again = (await client.put(url, json={"username": "JANE"})).json()["username"]
        assert (again["username"], again["id"]) == ("JANE", first["id"])
        assert codes(await client.put(url, json={"username": "TAKEN"})) == ["DuplicateUserName"]
        assert codes(await client.put(url, json={"username": "a\\b"})) == ["InvalidUserName"]
        assert set(members(await client.put(url, json={"username": None}))) == {"username"}
        for _ in range(2):
            answer = await client.delete(url)
            assert (answer.status_code, answer.json()["username"]) == (200, None)


@ON_ONE_ENGINE
async def test_the_lists_of_the_tenant_bar_addresses(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}"
    lists = {"enabled": True, "identifiers": ["bad.example", "@worse.example", "+441514960453", "Eve@example.com"]}
    async with monocloud.client() as client:
        await client.patch("/options/authentication", json={"sign_up": {"blocklist": lists}})
        for email in ("x@bad.example", "x@WORSE.example", "eve@example.com"):
            assert codes(await client.post("/users", json={"email": email})) == ["IdentifierRestricted"]
            assert codes(await client.post(f"{url}/emails", json={"email": email})) == ["IdentifierRestricted"]
            answer = await client.post(f"{url}/emails", json={"email": email, "skip_restriction_checks": True})
            assert answer.status_code == 200
        phone = {"phone_number": "+441514960453"}
        assert codes(await client.post(f"{url}/phones", json=phone)) == ["IdentifierRestricted"]
        answer = await client.post("/users", json={**phone, "skip_identifier_restriction_checks": True})
        assert answer.status_code == 201
        only = {
            "sign_up": {"blocklist": {"enabled": False}, "allowlist": {"enabled": True, "identifiers": ["ok.example"]}}
        }
        await client.patch("/options/authentication", json=only)
        assert (await client.post(f"{url}/emails", json={"email": "a@ok.example"})).status_code == 200
        assert codes(await client.post(f"{url}/emails", json={"email": "a@bad2.example"})) == ["IdentifierRestricted"]


async def test_a_verification_link_is_mailed_and_proves_the_address_once(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    email_id = user["emails"][0]["id"]
    url = f"/users/{user['user_id']}/emails/{email_id}"
    async with monocloud.client() as client:
        first = await client.post(f"{url}/verify/link", json={"expiry": 600})
        assert first.json() == {"expires_at": 1_800_000_600, "email_sent": True}
        monocloud.clock.turn(seconds=1)
        second = await client.post(f"{url}/verify/link")
        assert second.json() == {"expires_at": 1_800_086_401, "email_sent": True}
        mails = await monocloud.mails()
        texts = [mail.data["link"].removeprefix(f"{PUBLIC_URL}ui/emailVerification/verify?state=") for mail in mails]
        assert [len(text) for text in texts] == [32, 32]
        await monocloud.act(verify_by_ticket, texts[-1])
        (email,) = (await shown(client, user["user_id"]))["emails"]
        assert email["verified"] is True
        assert codes(await client.post(f"{url}/verify/link")) == ["IdentifierAlreadyVerified"]
        for wrong in ({"expiry": 0}, {"expiry": "soon"}, {"expiry": 10**12}, {"expiry": 1.5}):
            assert set(members(await client.post(f"{url}/verify/link", json=wrong))) == {"expiry"}


@ON_ONE_ENGINE
async def test_where_an_address_came_from(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    by = Verification(method="oauth", provider="google")
    await monocloud.change(
        known.user_id,
        lambda before: replace(before, emails=[replace(before.emails[0], links=["1" * 32], verification=by)]),
    )
    async with monocloud.client() as client:
        (email,) = (await shown(client, known.user_id))["emails"]
    assert (email["source"], email["verification_source"]) == ("google", "google")
