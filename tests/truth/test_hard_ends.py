"""Hard cases of ends: deleting, writing at once, signing out; and the list of the cases that wait."""

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest

from muster.core import transaction
from tests.truth.hard_cases import PASSWORD, Five, email, username

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL: Final = 41


async def test_h37_a_deleted_user_is_gone_everywhere_at_once(five: Five) -> None:
    """A user who is deleted through any dialect is there for none of them any more and frees what named the user at
    once; deleting again is no error for Auth0 and an unknown user for the others.
    """
    address, name = email("mortal"), username("mortal")
    group = await five.monocloud("POST", "/groups", {"name": username("Group-")})
    organization = await five.clerk("POST", "/organizations", {"name": username("Org "), "max_allowed_memberships": 0})
    members = f"/organizations/{organization['id']}/memberships"
    for dialect in ("auth0", "clerk", "monocloud", "mattr", "netwrix"):
        person = await five.born_in_clerk(email_address=[address], username=name, external_id=name)
        await five.monocloud("POST", f"{person.monocloud_path}/groups/{group['group_id']}")
        await five.clerk("POST", members, {"user_id": person.clerk_id, "role": "org:member"})
        session = await five.clerk("POST", "/sessions", {"user_id": person.clerk_id})
        if dialect == "netwrix":
            await five.netwrix("POST", "/users/delete", {"UserName": name})
            await five.netwrix("POST", "/users/delete", {"UserName": name}, expect=404)
        else:
            vendor, path = getattr(five, dialect), getattr(person, f"{dialect}_path")
            await vendor("DELETE", path)
            await vendor("DELETE", path, expect=204 if dialect == "auth0" else 404)
        assert set((await person.statuses()).values()) == {404}
        await five.clerk("GET", f"/sessions/{session['id']}", expect=404)
        assert await five.monocloud("GET", f"/users/groups/{group['group_id']}/assigned") == []
        assert (await five.clerk("GET", members))["total_count"] == 0
    refused = await five.netwrix("POST", "/users/delete", {"UserName": "admin"}, expect=403)
    assert refused["ResponseStatus"]["Message"] == "This cannot be done to one's own account"


async def test_h40_writers_at_once_each_have_their_will(five: Five) -> None:
    """Of several dialects that change different members of one user at the same time none loses anything, and a demand on the
    version is none of Netwrix's.
    """
    person = await five.born_in_netwrix()
    claims = f"{person.monocloud_path}/claims"
    await asyncio.gather(
        person.patch_auth0(user_metadata={"by": "auth0"}, nickname="ada"),
        person.patch_clerk(first_name="Ada", public_metadata={"by": "clerk"}),
        five.monocloud("PATCH", claims, {"middle_name": "King", "website": "https://ada.example.com"}),
        person.put_claims(level=3),
        person.update_netwrix(SecondName="Lovelace", Version=99),
        five.monocloud("PATCH", f"{person.monocloud_path}/private_data", {"private_data": {"by": "monocloud"}}),
        person.patch_auth0(app_metadata={"and": "auth0"}),
    )
    assert (await person.in_monocloud())["claims"] == {
        "nickname": "ada",
        "given_name": "Ada",
        "middle_name": "King",
        "website": "https://ada.example.com",
        "family_name": "Lovelace",
    }
    clerk = await person.in_clerk()
    assert (clerk["public_metadata"], clerk["unsafe_metadata"]) == ({"by": "clerk"}, {"by": "auth0"})
    assert clerk["private_metadata"] == {"by": "monocloud", "and": "auth0"}
    assert (await person.in_mattr())["claims"]["level"] == 3


async def test_h40_who_always_loses_is_told(five: Five, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that others forestall again and again is refused as a conflict: 409 in Auth0, Clerk, MonoCloud and Netwrix, 400
    in MATTR, which has no other.
    """
    person = await five.born_in_netwrix()
    name = (await person.in_netwrix())["UserName"]
    monkeypatch.setattr(transaction, "ATTEMPTS", 0)
    assert (await person.patch_auth0(409, name="Ada"))["statusCode"] == 409
    assert (await person.patch_clerk(409, first_name="Ada"))["errors"][0]["code"] == "conflict"
    claims = {"nickname": "ada"}
    assert (await five.monocloud("PATCH", f"{person.monocloud_path}/claims", claims, expect=409))["status"] == 409
    await five.mattr("PUT", person.mattr_path, {"claims": {}}, expect=400)
    body = {"UserDetails": {"UserName": name, "FirstName": "Ada"}}
    refused = await five.netwrix("POST", "/users/update", body, expect=409)
    assert refused["ResponseStatus"]["ErrorCode"] == "Conflict"


async def test_h41_sessions_are_one_list(five: Five) -> None:
    """A session is one thing however it began and wherever it is ended: Clerk and MonoCloud list those of Netwrix's
    sign-in too, MonoCloud the active ones and Clerk also those that are over, with what became of them.
    """
    person = await five.born_in_clerk(password=PASSWORD)
    name = (await person.in_netwrix())["UserName"]
    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    five.clock.turn(seconds=1)
    other = (await five.sign_in_to_netwrix(name))["BearerToken"]
    five.clock.turn(seconds=1)
    made = await five.clerk("POST", "/sessions", {"user_id": person.clerk_id})

    async def in_clerk() -> list[str]:
        sessions = await five.clerk("GET", "/sessions", query={"user_id": person.clerk_id})
        assert sessions[0]["id"] == made["id"]
        return [each["status"] for each in sessions]

    async def in_monocloud() -> list[str]:
        found = await five.monocloud("GET", f"{person.monocloud_path}/sessions")
        assert all(re.fullmatch("[0-9A-F]{32}", each["session_id"]) for each in found)
        return [each["session_id"] for each in found]

    assert await in_clerk() == ["active", "active", "active"]
    first, second, third = await in_monocloud()

    sessions = await five.clerk("GET", "/sessions", query={"user_id": person.clerk_id})
    assert (await five.clerk("POST", f"/sessions/{sessions[2]['id']}/revoke"))["status"] == "revoked"
    assert await five.as_netwrix_user(token) == 401
    assert await in_monocloud() == [second, third]
    await five.monocloud("DELETE", f"{person.monocloud_path}/sessions/{first}", expect=404)

    async with five.house.anonymous(accept="application/json", authorization=f"Bearer {other}") as own:
        assert (await own.post("/netwrix/api/auth/logout")).status_code == 200
    assert await in_clerk() == ["active", "ended", "revoked"]
    await five.monocloud("DELETE", f"{person.monocloud_path}/sessions/{third}")
    assert await in_clerk() == ["revoked", "ended", "revoked"]
    assert await in_monocloud() == []


async def test_every_hard_case_is_tested() -> None:
    named = re.compile(r"^async def test_h([0-9]{2})_", re.MULTILINE)
    here = Path(__file__).parent
    tested = {
        f"H{int(each)}" for file in here.glob("test_hard_*.py") for each in named.findall(file.read_text("utf-8"))
    }
    assert tested == {f"H{number}" for number in range(1, ALL + 1)}
