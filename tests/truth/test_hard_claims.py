"""Hard cases of metadata and claims: one document under several rules of merging, and one truth for shared names."""

import json
from typing import Any

import pytest

from tests.truth.hard_cases import Five, Person, email, username

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def private_is(person: Person, document: dict[str, Any]) -> None:
    shown = (
        (await person.in_auth0())["app_metadata"],
        (await person.in_clerk())["private_metadata"],
        (await person.in_monocloud())["private_data"],
    )
    assert shown == (document, document, document)


async def test_h14_each_dialect_merges_one_document_in_its_own_way(five: Five) -> None:
    """Auth0 and MonoCloud merge a document's first level and delete by null, where an empty one empties Auth0's and
    changes nothing in MonoCloud, while Clerk merges at every depth or replaces; the order of keys and the form of
    numbers are kept.
    """
    person = await five.born_in_auth0(app_metadata={"plan": {"name": "pro", "seats": 5}, "tags": ["a", "b"], "gone": 1})
    data = f"{person.monocloud_path}/private_data"

    await person.patch_auth0(app_metadata={"plan": {"seats": 6}, "gone": None})
    await private_is(person, {"plan": {"seats": 6}, "tags": ["a", "b"]})
    deep = {"plan": {"name": "pro", "seats": None, "deep": {"x": 1}}, "tags": ["c"]}
    await five.clerk("PATCH", f"{person.clerk_path}/metadata", {"private_metadata": deep})
    await private_is(person, {"plan": {"name": "pro", "deep": {"x": 1}}, "tags": ["c"]})
    await five.monocloud("PATCH", data, {"private_data": {"plan": None, "more": {"y": 1}}})
    await private_is(person, {"tags": ["c"], "more": {"y": 1}})
    await five.monocloud("PATCH", data, {"private_data": {}})
    await five.monocloud("PATCH", data, {"private_data": None})
    await private_is(person, {"tags": ["c"], "more": {"y": 1}})
    await five.clerk("PUT", f"{person.clerk_path}/metadata", {"private_metadata": {"only": {"one": 1}}})
    await private_is(person, {"only": {"one": 1}})
    await person.patch_clerk(private_metadata={"last": True})
    await private_is(person, {"last": True})
    await person.patch_auth0(app_metadata={})
    await private_is(person, {})

    sent = '{"app_metadata":{"z":1.0,"a":{"y":[2,2.5],"b":12345678901234567890}}}'
    headers = {"content-type": "application/json"}
    await five.auth0.client.patch(person.auth0_path, content=sent, headers=headers)
    document = sent.removeprefix('{"app_metadata":').removesuffix("}")
    for vendor, path in ((five.auth0, person.auth0_path), (five.clerk, person.clerk_path), (five.monocloud, data)):
        text = (await vendor.client.get(path)).text
        assert json.loads(text) is not None
        assert document in text.replace(" ", "")


async def test_h15_limits_bind_the_writer_alone(five: Five) -> None:
    """Clerk refuses a document over 8,192 bytes unless the write makes a larger one smaller, and Auth0 keys with a dot
    or a dollar sign and its reserved names, but what another dialect wrote is shown as it is.
    """
    large = {f"key{number}": "x" * 1000 for number in range(12)}
    person = await five.born_in_auth0(user_metadata=large)
    assert (await person.in_clerk())["unsafe_metadata"] == large
    path = f"{person.clerk_path}/metadata"
    refused = await five.clerk("PATCH", path, {"unsafe_metadata": {"one": "more"}}, expect=422)
    assert refused["errors"][0]["code"] == "form_param_exceeds_allowed_size"
    await five.clerk("PATCH", path, {"unsafe_metadata": {"key0": None}})
    assert len((await person.in_auth0())["user_metadata"]) == 11

    keys = {"dotted.key": {"$money": 1}, "identities": [1]}
    await five.monocloud("PATCH", f"{person.monocloud_path}/private_data", {"private_data": keys})
    assert (await person.in_auth0())["app_metadata"] == keys
    for key in keys:
        await person.patch_auth0(400, app_metadata={key: 1})
    await person.patch_auth0(400, user_metadata={"inner": [{"$money": 1}]})
    await person.patch_auth0(app_metadata={"other": 1})
    assert (await person.in_clerk())["private_metadata"] == {**keys, "other": 1}


async def test_h16_claims_and_profile_are_one_truth(five: Five) -> None:
    """What MATTR wrote is what it reads: a shared name goes to everybody's profile, and left out of a later write it is
    deleted where MATTR wrote it and only hidden from MATTR where another did, until another dialect writes it again.
    """
    address = email()
    person = await five.born_in_clerk(first_name="Ada", last_name="Lovelace", email_address=[address])
    shared = {"given_name": "Ada", "family_name": "Lovelace", "email": address, "email_verified": True}
    assert (await person.in_mattr())["claims"] == shared

    sent = {"given_name": "Augusta", "level": 3}
    assert (await person.put_claims(**sent))["claims"] == sent
    assert (await person.in_mattr())["claims"] == sent
    clerk = await person.in_clerk()
    assert (clerk["first_name"], clerk["last_name"]) == ("Augusta", "Lovelace")
    assert (await person.in_auth0())["email"] == address
    assert person.uuid not in await found_by(five, family_name="Lovelace")

    await person.put_claims(level=3)
    netwrix = await person.in_netwrix()
    assert (netwrix.get("FirstName"), netwrix.get("SecondName")) == (None, "Lovelace")
    await person.patch_auth0(family_name=(family := username("Byron")))
    assert (await person.in_mattr())["claims"] == {"level": 3, "family_name": family}
    assert await found_by(five, family_name=family) == [person.uuid]

    misfit = {"given_name": 7, "family_name": family}
    assert (await person.put_claims(**misfit))["claims"] == misfit
    assert (await person.in_clerk())["first_name"] is None
    await person.update_netwrix(FirstName="Ada")
    assert (await person.in_mattr())["claims"] == {"given_name": "Ada", "family_name": family}

    claimed = {"email": "claimed@example.com", "email_verified": True}
    assert (await person.put_claims(**claimed))["claims"] == claimed
    assert [each["email"] for each in (await person.in_monocloud())["emails"]] == [address]
    await person.patch_auth0(email=(fresh := email()))
    assert (await person.in_mattr())["claims"] == {"email": fresh, "email_verified": False}


async def found_by(five: Five, **claims: Any) -> list[str]:
    page = await five.mattr("POST", "/users/search", {"claims": claims})
    return [each["id"] for each in page["data"]]


async def test_h17_a_closed_list_of_claims_stays_closed(five: Five) -> None:
    """MonoCloud takes claims of its own list and of the tenant's sign-up questions and no others; what MATTR alone knows is
    shown by MATTR alone, and an answer to a sign-up question by MonoCloud alone.
    """
    person = await five.born_in_mattr(given_name="Ada", membership={"level": 3})
    path, fields = f"{person.monocloud_path}/claims", "/options/authentication/signup/custom_fields"
    await five.monocloud("PATCH", path, {"favourite_colour": "red"}, expect=422)
    field = {"enabled": True, "required": False, "claim_name": "favourite_colour", "value_type": "string", "label": "?"}
    await five.monocloud("POST", fields, field, expect=201)
    try:
        await five.monocloud("PATCH", path, {"favourite_colour": "red"})
        assert (await person.in_monocloud())["claims"] == {"favourite_colour": "red", "given_name": "Ada"}
    finally:
        await five.monocloud("DELETE", f"{fields}/favourite_colour")
    assert (await person.in_mattr())["claims"] == {"given_name": "Ada", "membership": {"level": 3}}
    await person.patch_auth0(400, membership={"level": 4})
    for shown in (await person.in_auth0(), await person.in_clerk(), await person.in_netwrix()):
        assert {"membership", "favourite_colour", "claims"}.isdisjoint(shown)
