"""Hard cases of groups, roles and organizations: what is one thing under several names, and what never is."""

import pytest

from tests.truth.hard_cases import PASSWORD, Five, Person, email, username

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_h30_groups_are_one_thing_known_by_name_or_id(five: Five) -> None:
    """MonoCloud's groups are those that Netwrix names without regard to case, where a new name makes one; whoever is
    made while a group takes everybody new joins it, through whatever API, and a deleted one is in nobody's list.
    """
    group = await five.monocloud("POST", "/groups", {"name": username("Staff-")})
    person = await five.born_in_auth0()
    invented = username("Invented-")
    await person.update_netwrix(Groups=[group["name"].upper(), invented])
    assert (await person.in_netwrix())["Groups"] == [group["name"], invented]
    joined = await five.monocloud("GET", f"{person.monocloud_path}/groups")
    assert [each["group_name"] for each in joined] == [group["name"], invented]
    assert joined[0]["group_id"] == group["group_id"]
    assert (await five.monocloud("GET", f"/groups/{joined[1]['group_id']}"))["type"] == "custom"
    await five.monocloud("POST", "/groups", {"name": invented.upper()}, expect=422)

    await five.monocloud("DELETE", f"{person.monocloud_path}/groups/{group['group_id']}")
    assert (await person.in_netwrix())["Groups"] == [invented]
    await five.monocloud("DELETE", f"/groups/{joined[1]['group_id']}")
    assert (await person.in_netwrix())["Groups"] == []

    everybody = await five.monocloud("POST", "/groups", {"name": username("All-"), "is_auto_assigned": True})
    try:
        people = [
            await five.born_in_auth0(),
            await five.born_in_clerk(),
            await five.born_in_monocloud(),
            await five.born_in_mattr(),
            await five.born_in_netwrix(),
        ]
        for new in people:
            assert (await new.in_netwrix())["Groups"] == [everybody["name"]]
        found = await five.monocloud("GET", f"/users/groups/{everybody['group_id']}/assigned")
        assert [each["user_id"] for each in found] == [each.monocloud_id for each in people]
    finally:
        await five.monocloud("DELETE", f"/groups/{everybody['group_id']}")


async def test_h30_a_user_administrator_gives_own_groups_alone(five: Five) -> None:
    """Who administers the users of groups may give and take the groups that they are in themself, and no other."""
    mine, other, name = username("Mine-"), username("Other-"), username("useradmin")
    await five.born_in_netwrix(UserName=name, Roles=["useradmin"], Groups=[mine])
    theirs, stranger = username("theirs"), username("stranger")
    person = await five.born_in_netwrix(UserName=theirs, Groups=[mine, other])
    await five.born_in_netwrix(UserName=stranger, Groups=[other])
    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    async with five.house.anonymous(accept="application/json", authorization=f"Bearer {token}") as own:
        seen = (await own.get("/netwrix/api/users")).json()
        assert {each["UserName"] for each in seen} == {name, theirs}
        for user, groups, status in (
            (theirs, [mine], 403),
            (theirs, [mine, other, "third"], 403),
            (stranger, [mine], 403),
            (theirs, [other], 204),
        ):
            body = {"UserDetails": {"UserName": user, "Groups": groups}}
            assert (await own.post("/netwrix/api/users/update", json=body)).status_code == status
    assert (await person.in_netwrix())["Groups"] == [other]


async def test_h31_roles_of_one_family_mean_nothing_in_another(five: Five) -> None:
    """A role of an organization gives no power over this server, whatever its name; and nobody takes over an account that
    may do more here than they may themselves: not its password, addresses, factors or identities, nor by deleting it.
    """
    plain = await five.born_in_clerk(password=PASSWORD)
    organization = await five.clerk("POST", "/organizations", {"name": username("Org "), "created_by": plain.clerk_id})
    (membership,) = (await five.clerk("GET", f"/organizations/{organization['id']}/memberships"))["data"]
    assert membership["role"] == "org:admin"
    shown = await plain.in_netwrix()
    assert (shown["Roles"], shown["Permissions"]) == ([], [])
    token = (await five.sign_in_to_netwrix(shown["UserName"]))["BearerToken"]
    assert await five.as_netwrix_user(token, "/users") == 403

    boss = await five.born_in_netwrix(UserName=(name := username("boss")), Email=email(), Roles=["admin"])
    before = [await boss.in_auth0(), await boss.in_clerk(), await boss.in_monocloud(), await boss.in_mattr()]
    await boss.patch_auth0(403, password=PASSWORD)
    await boss.patch_auth0(403, email=email())
    await five.auth0("DELETE", boss.auth0_path, expect=403)
    await boss.patch_clerk(403, password=PASSWORD)
    await boss.patch_clerk(403, totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    body = {"user_id": boss.clerk_id, "email_address": email(), "verified": True}
    await five.clerk("POST", "/email_addresses", body, expect=403)
    await five.clerk("DELETE", f"{boss.clerk_path}/mfa", expect=403)
    await five.monocloud("PUT", f"{boss.monocloud_path}/password", {"password": PASSWORD}, expect=403)
    await five.monocloud("POST", f"{boss.monocloud_path}/password/reset", {}, expect=403)
    await five.monocloud("POST", f"{boss.monocloud_path}/emails", {"email": email()}, expect=403)
    link = {"providerId": await five.provider(), "subjectId": username("subject-")}
    await five.mattr("PUT", boss.mattr_path, {"claims": {}, "authenticationProvider": link}, expect=403)
    await five.mattr("DELETE", boss.mattr_path, expect=403)
    assert [await boss.in_auth0(), await boss.in_clerk(), await boss.in_monocloud(), await boss.in_mattr()] == before
    await boss.patch_auth0(family_name="Byron")  # which takes nothing over
    await five.sign_in_to_netwrix(name, expect=200)
    await five.netwrix("POST", "/users/delete", {"UserName": name})


async def test_h32_an_organization_has_one_slug(five: Five) -> None:
    """An organization's slug is unique, and made of its name where none is given; its public and private documents are two."""
    name = username("Söme Org! ")
    made = await five.clerk("POST", "/organizations", {"name": name, "public_metadata": {"a": 1}})
    assert (made["name"], made["public_metadata"], made["private_metadata"]) == (name, {"a": 1}, {})
    assert made["slug"] == f"some-org-{name.split()[-1]}"
    taken = {"name": "Another", "slug": made["slug"]}
    assert (await five.clerk("POST", "/organizations", taken, expect=422))["errors"][0][
        "code"
    ] == "form_identifier_exists"
    shown = await five.clerk("GET", f"/organizations/{made['slug']}")
    assert shown["id"] == made["id"]


async def test_h33_a_membership_is_one_with_rules_for_who_calls(five: Five) -> None:
    """A user is in an organization once, with one role; through Clerk the last administrator cannot leave or step down, and
    no more join than the organization takes.
    """
    people: list[Person] = [await five.born_in_clerk() for _ in range(3)]
    new = {"name": username("Org "), "created_by": people[0].clerk_id, "max_allowed_memberships": 2}
    organization = await five.clerk("POST", "/organizations", new)
    members = f"/organizations/{organization['id']}/memberships"
    await five.clerk("POST", members, {"user_id": people[1].clerk_id, "role": "org:member"})
    await five.clerk("POST", members, {"user_id": people[1].clerk_id, "role": "org:admin"}, expect=400)
    await five.clerk("POST", members, {"user_id": people[2].clerk_id, "role": "org:member"}, expect=403)
    await five.clerk("PATCH", f"{members}/{people[0].clerk_id}", {"role": "org:member"}, expect=400)
    await five.clerk("DELETE", f"{members}/{people[0].clerk_id}", expect=400)
    found = await five.clerk("GET", "/users", query={"organization_id": organization["id"], "order_by": "+created_at"})
    assert [each["id"] for each in found] == [people[0].clerk_id, people[1].clerk_id]
    await five.monocloud("DELETE", people[0].monocloud_path)  # no rule of Clerk's binds another dialect
    found = await five.clerk("GET", "/users", query={"organization_id": organization["id"]})
    assert [each["id"] for each in found] == [people[1].clerk_id]
