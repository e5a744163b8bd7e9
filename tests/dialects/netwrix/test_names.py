"""`UserName` of users that other dialects made, and of operators' own accounts."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from tests.dialects.netwrix.people import connection, linked, made
from tests.dialects.netwrix.service import PASSWORD, Netwrix, sign_in


async def test_every_user_has_one_name_and_answers_to_it(netwrix: Netwrix) -> None:
    other = await connection(netwrix, "Partners")
    people = {
        "Ada": await made(netwrix, username="Ada", emails=("ada@example.com",)),
        "bob@example.com": await made(netwrix, emails=("bob@example.com", "other@example.com")),
        "+4420123456": await made(netwrix, phones=("+4420123456",)),
        "none": await made(netwrix),
        "Partners\\ada": await made(netwrix, realm=other, username="ada"),
        "Partners\\bob@example.com": await made(netwrix, realm=other, emails=("bob@example.com",)),
        ".\\Admin": await made(netwrix, username="Admin"),
        ".\\delete": await made(netwrix, username="delete"),
    }
    nameless = people.pop("none")
    people[str(UUID(nameless.id))] = nameless
    admin = await netwrix.signed_in()
    listed = {user["UserName"]: user["Id"] for user in (await admin.get("/users/")).json()}
    assert set(listed) == {"admin", *people}
    for name, user in people.items():
        stored = await netwrix.store.get(netwrix.tenant.number, type(user), user.id)
        assert stored is not None
        for spelled in (name, name.upper(), name.lower()):
            answer = await admin.get(f"/users/{quote(spelled, safe='')}")
            assert (answer.status_code, answer.json().get("UserName")) == (200, name), spelled
            assert answer.json()["Id"] == listed[name] == stored.seq
        assert (await sign_in(netwrix.client(), name, PASSWORD)).json()["UserName"] == name
    # By another address too, and by the id, whatever is shown.
    for spelled in ("other@example.com", "ada@example.com", people["Ada"].id, f".\\{people['Ada'].id}"):
        assert (await admin.get(f"/users/{quote(spelled, safe='')}")).status_code == 200, spelled
    for spelled in (
        "Nowhere\\ada",
        "muster-internal\\admin",
        "Partners\\delete",
        people["Partners\\ada"].id,
        "\\",
        "+1x",
    ):
        assert (await admin.get(f"/users/{quote(spelled, safe='')}")).status_code == 404, spelled
    assert (await admin.get("/users/admin@localhost")).json()["IsInternal"] is True


async def test_what_other_dialects_know_is_shown(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    for number, (kind, provider, member) in enumerate(
        (
            ("social", "google", "IsOAuthUser"),
            ("enterprise", "oidc", "IsOAuthUser"),
            ("enterprise", "samlp", "IsSSOUser"),
            ("enterprise", "adfs", "IsADUser"),
        )
    ):
        await linked(netwrix, f"u{number}@example.com", kind=kind, provider=provider)
        shown = (await admin.get(f"/users/u{number}@example.com")).json()
        assert {name for name in ("IsADUser", "IsOAuthUser", "IsSSOUser") if shown[name]} == {member}
        assert (shown["Roles"], shown["Permissions"]) == ([], [])
