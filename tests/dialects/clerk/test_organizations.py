"""Organizations, who belongs to them, and who was asked to."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.dialects.clerk.requests import errors_of, good, made, organization, texts_of
from tests.dialects.clerk.service import NOW, PUBLIC_URL, Clerk

DAY = 24 * 3_600_000


async def test_a_new_organization_is_shown_with_every_member(http: httpx.AsyncClient) -> None:
    ann = await made(http)
    made_ = await organization(http, "Acme Corp", created_by=ann["id"], public_metadata={"aB": {"c": 1}})
    id_, image = made_.pop("id"), made_.pop("image_url")
    assert id_.startswith("org_")
    assert image.startswith(f"{PUBLIC_URL}clerk/images/")
    assert made_ == {
        "object": "organization",
        "name": "Acme Corp",
        "slug": "acme-corp",
        "has_image": False,
        "members_count": 1,
        "pending_invitations_count": 0,
        "max_allowed_memberships": 5,
        "admin_delete_enabled": True,
        "public_metadata": {"aB": {"c": 1}},
        "private_metadata": {},
        "created_by": ann["id"],
        "created_at": NOW,
        "updated_at": NOW,
    }
    members = good(await http.get(f"/organizations/{id_}/memberships"))
    assert [(each["role"], each["public_user_data"]["user_id"]) for each in members["data"]] == [
        ("org:admin", ann["id"])
    ]
    other = await organization(http, "Acme Corp")
    assert other["slug"].startswith("acme-corp-")
    taken = await http.post("/organizations", json={"name": "X", "slug": "acme-corp"})
    assert errors_of(taken, 422) == [("form_identifier_exists", "slug")]
    assert texts_of(taken, 422) == ("That slug is taken. Please try another.",) * 2


async def test_what_is_refused_of_an_organization(http: httpx.AsyncClient) -> None:
    for body, status, told in (
        ({}, 422, ("form_param_missing", "name")),
        ({"name": ""}, 422, ("form_param_missing", "name")),
        ({"name": "x" * 257}, 422, ("form_param_max_length_exceeded", "name")),
        ({"name": "see https://x.yz"}, 422, ("form_param_value_invalid", "name")),
        ({"name": "x", "slug": "Not Good"}, 422, ("form_param_format_invalid", "slug")),
        ({"name": "x", "created_by": "user_x"}, 400, ("organization_creator_not_found", None)),
        ({"name": "x", "max_allowed_memberships": -1}, 422, ("form_param_value_invalid", "max_allowed_memberships")),
        (
            {"name": "x", "public_metadata": {"a": "x" * 8192}},
            422,
            ("form_param_exceeds_allowed_size", "public_metadata"),
        ),
        ({"name": "x", "nonsense": 1}, 422, ("form_param_unknown", "nonsense")),
    ):
        assert errors_of(await http.post("/organizations", json=body), status) == [told], body
    assert good(await http.get("/organizations")) == {"data": [], "total_count": 0}
    for method, path in (("GET", "org_x"), ("PATCH", "org_x"), ("DELETE", "org_x"), ("GET", "no-slug")):
        answer = await http.request(method, f"/organizations/{path}", json={} if method == "PATCH" else None)
        assert texts_of(answer, 404) == ("not found", "Given organization not found.")


async def test_organizations_are_found_and_ordered(clerk: Clerk, http: httpx.AsyncClient) -> None:
    ann, bob = await made(http), await made(http, "bob@example.com")
    acme = await organization(http, "Zeta Acme", slug="one", created_by=ann["id"])
    clerk.clock.turn(seconds=1)
    beta = await organization(http, "Beta", slug="two", created_by=bob["id"])
    clerk.clock.turn(seconds=1)
    none = await organization(http, "Nobody's", slug="acme-three")
    good(await http.post(f"/organizations/{beta['id']}/memberships", json={"user_id": ann["id"], "role": "org:member"}))
    names = {acme["id"]: "acme", beta["id"]: "beta", none["id"]: "none"}
    for params, expected in (
        ({}, ["none", "beta", "acme"]),
        ({"query": "ACME"}, ["none", "acme"]),
        ({"query": beta["id"]}, ["beta"]),
        ({"user_id": f"+{bob['id']}"}, ["beta"]),
        ({"user_id": [ann["id"], "user_unknown"]}, ["beta", "acme"]),
        ({"user_id": f"-{ann['id']}"}, ["none"]),
        ({"organization_id": [f"-{acme['id']}"]}, ["none", "beta"]),
        ({"organization_id": [acme["id"]]}, ["acme"]),
        ({"order_by": "name"}, ["beta", "none", "acme"]),
        ({"order_by": "-members_count"}, ["beta", "acme", "none"]),
        ({"order_by": "+created_at"}, ["acme", "beta", "none"]),
    ):
        answer = good(await http.get("/organizations", params=params))
        assert ([names[each["id"]] for each in answer["data"]], answer["total_count"]) == (expected, len(expected)), (
            params
        )
    page = good(await http.get("/organizations", params={"limit": 1, "offset": 1, "include_members_count": "true"}))
    assert ([each["members_count"] for each in page["data"]], page["total_count"]) == ([2], 3)
    assert good(await http.get("/organizations/two"))["id"] == beta["id"]
    assert "members_count" not in good(await http.get(f"/organizations/{beta['id']}"))
    assert errors_of(await http.get("/organizations", params={"order_by": "x"}), 422)


async def test_an_organization_changes_and_goes_with_all_that_is_its(http: httpx.AsyncClient, clerk: Clerk) -> None:
    ann = await made(http)
    acme = await organization(http, created_by=ann["id"], public_metadata={"a": {"b": 1}})
    path = f"/organizations/{acme['id']}"
    clerk.clock.turn(seconds=1)
    body = {"name": "New", "slug": "new", "max_allowed_memberships": 0, "admin_delete_enabled": False}
    changed = good(await http.patch(path, json={**body, "private_metadata": {"p": 1}}))
    assert {name: changed[name] for name in body} == body
    assert (changed["private_metadata"], changed["updated_at"]) == ({"p": 1}, NOW + 1000)
    merged = good(await http.patch(f"{path}/metadata", json={"public_metadata": {"a": {"b": None, "c": 2}}}))
    assert merged["public_metadata"] == {"a": {"c": 2}}
    assert good(await http.put(f"{path}/metadata", json={"public_metadata": {}}))["public_metadata"] == {}
    good(await http.post(f"{path}/invitations", json={"email_address": "x@example.com", "role": "org:member"}))
    async with clerk.client(version="2026-05-12") as newest:
        refused = await newest.patch(path, json={"public_metadata": {}})
        assert errors_of(refused, 422) == [("form_param_deprecated", "public_metadata")]
    gone = good(await http.delete(path))
    assert gone == {"object": "organization", "id": acme["id"], "slug": "new", "deleted": True}
    assert good(await http.get(f"/users/{ann['id']}/organization_memberships")) == {"data": [], "total_count": 0}
    assert good(await http.get("/organization_invitations"))["total_count"] == 0
    assert good(await http.get("/users/count", params={"organization_id": acme["id"]}))["total_count"] == 0
    await organization(http, "New", slug="new")


async def test_members_come_change_and_go(http: httpx.AsyncClient) -> None:
    ann = await made(http)
    bob = await made(http, "bob@example.com", first_name="Bob", last_name="Ray", username="bobby")
    acme = await organization(http, created_by=ann["id"])
    path = f"/organizations/{acme['id']}/memberships"
    body = {"user_id": bob["id"], "role": "org:member", "public_metadata": {"a": 1}}
    member = good(await http.post(path, json=body))
    id_, person = member.pop("id"), member.pop("public_user_data")
    shown = {name: value for name, value in acme.items() if not name.endswith("_count")}
    assert id_.startswith("orgmem_")
    assert member == {
        "object": "organization_membership",
        "role": "org:member",
        "role_name": "Member",
        "permissions": ["org:sys_memberships:read", "org:sys_billing:read"],
        "public_metadata": {"a": 1},
        "private_metadata": {},
        "organization": shown,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert {**person, "profile_image_url": "", "image_url": ""} == {
        "user_id": bob["id"],
        "first_name": "Bob",
        "last_name": "Ray",
        "profile_image_url": "",
        "image_url": "",
        "has_image": False,
        "identifier": "bob@example.com",
        "username": "bobby",
        "banned": False,
        "deprovisioned": False,
    }
    twice = await http.post(path, json=body)
    assert errors_of(twice, 400) == [("already_a_member_in_organization", None)]
    for sent, status, told in (
        ({"user_id": bob["id"], "role": "org:king"}, 404, ("resource_not_found", "role")),
        ({"user_id": "user_x", "role": "org:member"}, 404, ("resource_not_found", None)),
        ({"role": "org:member"}, 422, ("form_param_missing", "user_id")),
    ):
        assert errors_of(await http.post(path, json=sent), status) == [told]
    mine = f"{path}/{bob['id']}"
    documents = good(await http.patch(f"{mine}/metadata", json={"public_metadata": {"a": None, "b": {"c": 1}}}))
    assert documents["public_metadata"] == {"b": {"c": 1}}
    for answer in (
        await http.delete(f"{path}/{ann['id']}"),
        await http.patch(f"{path}/{ann['id']}", json={"role": "org:member"}),
    ):
        assert errors_of(answer, 400) == [("organization_minimum_permissions_needed", None)]
    assert good(await http.patch(mine, json={"role": "org:admin"}))["role_name"] == "Admin"
    assert good(await http.delete(f"{path}/{ann['id']}"))["public_user_data"]["user_id"] == ann["id"]
    assert errors_of(await http.delete(f"{path}/{ann['id']}"), 404) == [("resource_not_found", None)]
    await http.delete(f"/users/{bob['id']}")
    assert good(await http.get(path)) == {"data": [], "total_count": 0}


async def test_members_are_found_and_ordered(clerk: Clerk, http: httpx.AsyncClient) -> None:
    ann = await made(http, first_name="Ann", username="zebra")
    acme = await organization(http, created_by=ann["id"])
    path = f"/organizations/{acme['id']}/memberships"
    people = {ann["id"]: "ann"}
    for name, username in (("bob", "apple"), ("cid", None)):
        clerk.clock.turn(seconds=1)
        user = await made(http, f"{name}@example.com", first_name=name, username=username)
        people[user["id"]] = name
        good(await http.post(path, json={"user_id": user["id"], "role": "org:member"}))
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["cid", "bob", "ann"]),
        ({"order_by": "created_at"}, ["ann", "bob", "cid"]),
        ({"order_by": "username"}, ["bob", "ann", "cid"]),
        ({"order_by": "-username"}, ["ann", "bob", "cid"]),
        ({"order_by": "-email_address"}, ["cid", "bob", "ann"]),
        ({"role": ["org:member"]}, ["cid", "bob"]),
        ({"role": ["org:admin", "org:member"], "order_by": "+first_name"}, ["ann", "bob", "cid"]),
        ({"query": "BOB"}, ["bob"]),
        ({"user_id": f"-{ann['id']}"}, ["cid", "bob"]),
        ({"email_address": ["cid@example.com"]}, ["cid"]),
        ({"name_query": "i"}, ["cid"]),
        ({"limit": 1, "offset": 1}, ["bob"]),
        ({"limit": 1, "offset": 1, "query": "example"}, ["bob"]),
    ]
    for params, expected in asked:
        answer = good(await http.get(path, params=params))
        assert [people[each["public_user_data"]["user_id"]] for each in answer["data"]] == expected, params
    assert good(await http.get(path, params={"limit": 1}))["total_count"] == 3
    every = good(await http.get("/organization_memberships", params={"order_by": "created_at"}))
    assert (len(every["data"]), every["total_count"]) == (3, 3)


async def test_an_organization_takes_no_more_than_it_has_room_for(http: httpx.AsyncClient) -> None:
    """Two who come at once do not both take the last place, and the last two administrators do not both go."""
    people = [(await made(http, f"u{number}@example.com"))["id"] for number in range(4)]
    acme = await organization(http, created_by=people[0], max_allowed_memberships=2)
    path = f"/organizations/{acme['id']}/memberships"
    joins = await asyncio.gather(*(http.post(path, json={"user_id": id_, "role": "org:admin"}) for id_ in people[1:]))
    assert sorted(answer.status_code for answer in joins) == [200, 403, 403]
    refused = next(answer for answer in joins if answer.status_code == 403)
    assert errors_of(refused, 403) == [("organization_membership_quota_exceeded", None)]
    members = [each["public_user_data"]["user_id"] for each in good(await http.get(path))["data"]]
    leaves = await asyncio.gather(*(http.delete(f"{path}/{id_}") for id_ in members))
    assert sorted(answer.status_code for answer in leaves) == [200, 400]


async def test_invitations_to_the_tenant(clerk: Clerk, http: httpx.AsyncClient) -> None:
    await made(http)
    body = {"email_address": "New@example.com", "public_metadata": {"a": 1}, "notify": False, "expires_in_days": 1}
    asked = good(await http.post("/invitations", json=body))
    assert {**asked, "id": ""} == {
        "object": "invitation",
        "id": "",
        "email_address": "new@example.com",
        "public_metadata": {"a": 1},
        "revoked": False,
        "status": "pending",
        "expires_at": NOW + DAY,
        "created_at": NOW,
        "updated_at": NOW,
    }
    again = await http.post("/invitations", json=body)
    assert errors_of(again, 400) == [("duplicate_record", None)]
    assert again.json()["errors"][0]["meta"] == {"email_addresses": ["new@example.com"]}
    good(await http.post("/invitations", json={**body, "ignore_existing": True}))
    own = await http.post("/invitations", json={"email_address": "ann@example.com"})
    assert errors_of(own, 422) == [("form_identifier_exists", "email_address")]
    clerk.clock.turn(ms=DAY)
    good(await http.post("/invitations", json=body))  # the first has expired
    several = good(await http.post("/invitations/bulk", json=[{"email_address": "a@example.com"}]))
    assert [each["email_address"] for each in several] == ["a@example.com"]
    many = [{"email_address": f"{number}@example.com"} for number in range(11)]
    assert errors_of(await http.post("/invitations/bulk", json=many), 400) == [("bulk_size_exceeded", None)]
    path = f"/invitations/{several[0]['id']}/revoke"
    assert good(await http.post(path))["status"] == "revoked"
    assert errors_of(await http.post(path), 400) == [("invitation_already_revoked", None)]
    unknown = await http.post("/invitations/inv_x/revoke")
    assert texts_of(unknown, 404) == ("not found", "No invitation was found with id inv_x.")
    for params, expected in (
        ({}, 4),
        ({"status": "expired"}, 2),
        ({"status": "pending"}, 1),
        ({"status": "revoked"}, 1),
        ({"query": "NEW@"}, 3),
        ({"limit": 1}, 1),
    ):
        assert len(good(await http.get("/invitations", params=params))) == expected, params
    page = good(await http.get("/invitations", params={"paginated": "true", "limit": 1}))
    assert (len(page["data"]), page["total_count"]) == (1, 4)


async def test_invitations_to_an_organization(http: httpx.AsyncClient) -> None:
    ann, bob = await made(http), await made(http, "bob@example.com")
    acme = await organization(http, created_by=ann["id"], max_allowed_memberships=3)
    path = f"/organizations/{acme['id']}/invitations"
    body = {"email_address": "bob@example.com", "role": "org:member", "inviter_user_id": ann["id"]}
    asked = good(await http.post(path, json=body))
    assert (asked["status"], asked["url"], asked["public_inviter_data"]["identifier"]) == (
        "pending",
        None,
        "ann@example.com",
    )
    for sent, status, told in (
        (body, 400, ("organization_invitation_not_unique", None)),
        ({**body, "email_address": "ann@example.com"}, 400, ("already_a_member_in_organization", None)),
        ({**body, "role": "org:king"}, 404, ("resource_not_found", "role")),
        ({**body, "email_address": "c@example.com", "inviter_user_id": "user_x"}, 404, ("resource_not_found", None)),
    ):
        assert errors_of(await http.post(path, json=sent), status) == [told]
    two = [{"email_address": f"{name}@example.com", "role": "org:member"} for name in ("c", "d")]
    full = await http.post(f"{path}/bulk", json=two)
    assert errors_of(full, 403) == [("organization_membership_quota_exceeded", None)]
    assert good(await http.post(f"{path}/bulk", json=two[:1]))["total_count"] == 1
    mine = good(await http.get(f"/users/{bob['id']}/organization_invitations", params={"status": "pending"}))
    assert [each["public_organization_data"]["name"] for each in mine["data"]] == ["Acme"]
    assert good(await http.get(f"{path}/{asked['id']}")) == asked
    assert good(await http.post(f"{path}/{asked['id']}/revoke"))["status"] == "revoked"
    late = await http.post(f"{path}/{asked['id']}/revoke", json={"requesting_user_id": ann["id"]})
    assert errors_of(late, 404) == [("organization_invitation_not_pending", None)]
    assert errors_of(await http.get(f"{path}/orginv_x"), 404) == [("resource_not_found", None)]
    assert good(await http.get(f"{path}/pending"))["total_count"] == 1
    assert good(await http.get(path, params={"email_address": "BOB@example.com"}))["total_count"] == 1
