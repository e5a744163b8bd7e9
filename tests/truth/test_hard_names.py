"""Hard cases of identifiers and names: which addresses a user has, whose they are, and what the user is called where."""

import io
from urllib.parse import quote
from uuid import UUID

import pytest
from PIL import Image

from tests.truth.hard_cases import PASSWORD, Five, Person, email, phone, username

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

GRAVATAR = "https://s.gravatar.com/avatar/"


async def test_h01_no_address_is_invented(five: Five) -> None:
    """A user without an e-mail address has none in any dialect; Auth0 makes its name of what else there is."""
    name = username()
    people = {
        "Ada Lovelace": await five.born_in_mattr(given_name="Ada", family_name="Lovelace"),
        name: await five.born_in_clerk(username=name),
        (other := username()): await five.born_in_netwrix(UserName=other),
    }
    nameless = await five.born_in_mattr(level=3)
    people[nameless.id] = nameless
    for called, person in people.items():
        auth0, clerk, netwrix = await person.in_auth0(), await person.in_clerk(), await person.in_netwrix()
        assert {"email", "email_verified"}.isdisjoint(auth0)
        assert auth0["name"] == called
        assert (clerk["email_addresses"], clerk["primary_email_address_id"]) == ([], None)
        assert (await person.in_monocloud())["emails"] == []
        assert "email" not in (await person.in_mattr())["claims"]
        assert "Email" not in netwrix
        asked = {"user_id": auth0["user_id"]}
        refused = await five.auth0("POST", "/jobs/verification-email", asked, expect=400)
        assert refused["message"] == "User does not have an email address."


async def test_h02_a_new_single_address_takes_the_place_of_the_shown_one(five: Five) -> None:
    """Where one address is shown, a new one replaces it and frees it at once; one that is the user's already becomes the
    shown one; none promotes the next; and the others stay.
    """
    first, second, third = email("first"), email("second"), email("third")
    person = await five.born_in_clerk(email_address=[first, second])
    before = {each["email_address"]: each["id"] for each in (await person.in_clerk())["email_addresses"]}

    await person.patch_auth0(email=third)
    shown = await person.in_clerk()
    assert [each["email_address"] for each in shown["email_addresses"]] == [third, second]
    assert shown["primary_email_address_id"] not in before.values()
    assert (await person.in_auth0())["email_verified"] is False
    assert [each["email"] for each in (await person.in_monocloud())["emails"]] == [third, second]
    await five.born_in_monocloud(email=first)  # which is free

    await person.patch_auth0(email=second)
    shown = await person.in_clerk()
    assert [each["email_address"] for each in shown["email_addresses"]] == [second, third]
    assert shown["primary_email_address_id"] == before[second]
    assert (await person.in_netwrix())["Email"] == second

    await person.update_netwrix(Email=(fourth := email("fourth")))
    assert [each["email"] for each in (await person.in_monocloud())["emails"]] == [fourth, third]

    ids = {each["email"]: each["id"] for each in (await person.in_monocloud())["emails"]}
    await five.monocloud("DELETE", f"{person.monocloud_path}/emails/{ids[fourth]}")
    assert (await person.in_auth0())["email"] == third
    await person.patch_auth0(email=None)
    assert (await person.in_monocloud())["emails"] == []

    await five.clerk("PUT", f"{person.clerk_path}/email_address", {"email_address": fourth})
    await five.clerk("POST", "/email_addresses", {"user_id": person.clerk_id, "email_address": third})
    await five.clerk("PUT", f"{person.clerk_path}/email_address", {"email_address": first.replace("first", "only")})
    (only,) = (await person.in_clerk())["email_addresses"]
    assert (await person.in_auth0())["email"] == only["email_address"]
    refused = await five.clerk("DELETE", f"/email_addresses/{only['id']}", expect=400)
    assert refused["errors"][0]["code"] == "identification_deletion_failed"


async def test_h03_verified_is_one_fact(five: Five) -> None:
    """Whether an address is proved is one fact that every dialect shows and writes, begun by each creator's own
    default; one that no longer counts as proved stays the shown one.
    """
    in_auth0 = await five.born_in_auth0()
    in_clerk = await five.born_in_clerk()
    in_netwrix = await five.born_in_netwrix(Email=email())
    in_monocloud = await five.born_in_monocloud(email=email(), email_verified=True)
    for person, verified in ((in_auth0, False), (in_clerk, True), (in_netwrix, False), (in_monocloud, True)):
        await _shows_verified(person, verified=verified)

    await in_netwrix.patch_auth0(email_verified=True)
    await _shows_verified(in_netwrix, verified=True)
    (address,) = (await in_netwrix.in_monocloud())["emails"]
    await five.monocloud("POST", f"{in_netwrix.monocloud_path}/emails/{address['id']}/unverify")
    await _shows_verified(in_netwrix, verified=False)
    await five.clerk(
        "PATCH", f"/email_addresses/{(await in_netwrix.in_clerk())['primary_email_address_id']}", {"verified": True}
    )
    await _shows_verified(in_netwrix, verified=True)
    await in_netwrix.update_netwrix(Email=address["email"].upper())  # the same address
    await _shows_verified(in_netwrix, verified=True)
    await in_netwrix.update_netwrix(Email=email())
    await _shows_verified(in_netwrix, verified=False)


async def _shows_verified(person: Person, *, verified: bool) -> None:
    clerk = await person.in_clerk()
    (own,) = clerk["email_addresses"]
    (address,) = (await person.in_monocloud())["emails"]
    assert clerk["primary_email_address_id"] == own["id"]
    assert own["verification"] == (
        {"object": "verification_admin", "status": "verified", "strategy": "admin", "attempts": None, "expire_at": None}
        if verified
        else None
    )
    assert (address["primary"], address["verified"]) == (True, verified)
    assert address["verification_source"] == ("monocloud" if verified else None)
    assert (await person.in_auth0())["email_verified"] is verified
    assert (await person.in_mattr())["claims"]["email_verified"] is verified


async def test_h05_an_address_in_claims_is_nobody_s_own(five: Five) -> None:
    """An address that is only claimed may equal another user's own: it is shown and found, but is never unique, never
    signs in and merges nobody, while addresses of one's own are unique in the realm, verified or not.
    """
    address = email("shared")
    owner = await five.born_in_auth0(email=address)
    claimant = await five.born_in_mattr(email=address, email_verified=True)
    assert (await claimant.in_auth0())["email"] == address
    assert (await claimant.in_auth0())["email_verified"] is True
    assert (await claimant.in_netwrix())["Email"] == address
    assert ((await claimant.in_clerk())["email_addresses"], (await claimant.in_monocloud())["emails"]) == ([], [])
    found = await five.auth0("GET", "/users-by-email", query={"email": address})
    assert [each["user_id"] for each in found] == [f"auth0|{owner.id}", f"auth0|{claimant.id}"]
    signed_in = await five.sign_in_to_netwrix(address)
    assert signed_in["UserId"] == str((await owner.in_netwrix())["Id"])

    new = {"connection": five.connection, "email": address, "password": PASSWORD}
    assert (await five.auth0("POST", "/users", new, expect=409))["message"] == "The user already exists."
    taken = {"email_address": [address], "skip_password_requirement": True}
    assert (await five.clerk("POST", "/users", taken, expect=422))["errors"][0]["code"] == "form_identifier_exists"
    assert (await five.monocloud("POST", "/users", {"email": address}, expect=422))["errors"][0][
        "code"
    ] == "DuplicateEmail"
    await five.netwrix("POST", "/users/add", {"UserDetails": {"UserName": username(), "Email": address}}, expect=400)
    await claimant.patch_auth0(400, email_verified=False)  # which would make the contact an address of its own


async def test_h06_a_name_is_joined_but_never_split(five: Five) -> None:
    """Given and family name are stored once for all, and a full name follows them while it is their join and is never
    split; a name or nickname that Auth0 derived is not stored by sending it back.
    """
    person = await five.born_in_auth0(name="Ada King Lovelace")
    clerk, netwrix = await person.in_clerk(), await person.in_netwrix()
    assert (clerk["first_name"], clerk["last_name"]) == (None, None)
    assert {"FirstName", "SecondName"}.isdisjoint(netwrix)
    assert (await person.in_monocloud())["claims"] == {"name": "Ada King Lovelace"}

    await person.patch_clerk(first_name="Ada", last_name="Lovelace")
    assert (await person.in_auth0())["name"] == "Ada King Lovelace"
    await person.patch_auth0(name="Ada Lovelace")
    await person.update_netwrix(SecondName="Byron")
    assert (await person.in_auth0())["name"] == "Ada Byron"
    assert (await person.in_monocloud())["claims"] == {"name": "Ada Byron", "given_name": "Ada", "family_name": "Byron"}
    assert (await person.in_clerk())["last_name"] == "Byron"
    assert (await person.in_mattr())["claims"]["family_name"] == "Byron"

    derived = await five.born_in_clerk()
    read = await derived.in_auth0()
    sent = {name: read[name] for name in ("name", "nickname", "picture")}
    assert await derived.patch_auth0(**sent) == read
    assert (await derived.in_monocloud())["claims"] == {}


async def test_h07_a_picture_is_one_value_for_all(five: Five) -> None:
    """A picture is one address that every dialect shows; an uploaded one has an address of ours, one from elsewhere takes
    its place, and without one each dialect shows its own default.
    """
    person = await five.born_in_auth0(picture="https://img.example.com/ada.png")
    clerk = await person.in_clerk()
    assert (clerk["has_image"], clerk["image_url"]) == (True, "https://img.example.com/ada.png")
    assert (await person.in_monocloud())["claims"]["picture"] == "https://img.example.com/ada.png"

    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    upload = {"file": ("ada.png", file.getvalue(), "image/png")}
    answer = await five.clerk.client.post(f"{person.clerk_path}/profile_image", files=upload)
    assert answer.status_code == 200, answer.text
    uploaded = answer.json()["image_url"]
    assert uploaded.startswith("https://127.0.0.1:8443/")
    assert (await person.in_auth0())["picture"] == uploaded
    assert (await person.in_mattr())["claims"]["picture"] == uploaded

    await five.monocloud("PATCH", f"{person.monocloud_path}/claims", {"picture": "https://img.example.com/2.png"})
    assert (await person.in_clerk())["image_url"] == "https://img.example.com/2.png"
    await five.clerk("DELETE", f"{person.clerk_path}/profile_image")
    clerk = await person.in_clerk()
    assert (clerk["has_image"], clerk["image_url"].startswith("https://127.0.0.1:8443/")) == (False, True)
    assert (await person.in_auth0())["picture"].startswith(GRAVATAR)
    assert "picture" not in (await person.in_monocloud())["claims"]


async def test_h08_the_writer_s_alphabet_binds_the_writer_alone(five: Five) -> None:
    """A user name must meet the rules of the dialect that writes it, is shown as written by all (by Auth0 in lower case),
    and is unique without regard to case.
    """
    name = username("Añ.#") + "!"
    person = await five.born_in_monocloud(username=name)
    assert (await person.in_clerk())["username"] == name
    assert (await person.in_netwrix())["UserName"] == name
    assert (await person.in_auth0())["username"] == name.lower()
    assert (await person.in_monocloud())["username"]["username"] == name

    for refused in ("abc", "x" * 65, name, "12345", "имя имя", "+1 (415) 555-0100"):
        new = {"username": refused, "skip_password_requirement": True}
        await five.clerk("POST", "/users", new, expect=422)
    for refused in ("update", "Agent", "back\\slash", "x" * 257):
        await five.netwrix("POST", "/users/add", {"UserDetails": {"UserName": refused}}, expect=400)
    for refused in ("back\\slash", " outer", "x" * 257, str(UUID(person.id))):
        await five.monocloud("PUT", f"{person.monocloud_path}/username", {"username": refused}, expect=422)
    for refused in ("имя", "jane doe", "jane@example.com"):
        await person.patch_auth0(400, username=refused)
    await person.patch_auth0(username=name.lower())  # as it reads it

    other = username("Jane")
    await five.born_in_netwrix(UserName=other)
    new = {"username": other.upper(), "skip_password_requirement": True}
    assert (await five.clerk("POST", "/users", new, expect=422))["errors"][0]["code"] == "form_identifier_exists"
    refusal = await five.monocloud("POST", "/users", {"username": other.upper()}, expect=422)
    assert refusal["errors"][0]["code"] == "DuplicateUserName"


async def test_h09_one_typed_text_never_names_two_people(five: Five) -> None:
    """A user name shaped like an e-mail address or a phone number is taken only while nobody else in the realm has that
    address, and keeps others from it; one shaped like an id is refused.
    """
    address, number = email("owned"), phone()
    owner = await five.born_in_clerk(email_address=[address], phone_number=[number])
    other = await five.born_in_monocloud()
    for name in (address, number):
        await five.monocloud("PUT", f"{other.monocloud_path}/username", {"username": name}, expect=422)
        await five.netwrix("POST", "/users/add", {"UserDetails": {"UserName": name}}, expect=400)
    await five.monocloud("PUT", f"{owner.monocloud_path}/username", {"username": address})  # one's own

    name = email("name")
    await five.born_in_netwrix(UserName=name)
    added = {"user_id": other.clerk_id, "email_address": name}
    await five.clerk("POST", "/email_addresses", added, expect=422)
    await other.patch_auth0(400, email=name)
    await five.netwrix("POST", "/users/add", {"UserDetails": {"UserName": owner.uuid}}, expect=400)


async def test_h10_netwrix_always_has_a_name(five: Five) -> None:
    """Netwrix names a user by the user name, else the first e-mail, phone or id, after the connection outside the
    default realm and after a dot where an operator or a path word has the bare name; any of them finds the user.
    """
    name, address, number = username("Named"), email(), phone()
    person = await five.born_in_clerk(username=name, email_address=[address], phone_number=[number])
    shown = await person.in_netwrix()
    assert shown["UserName"] == name
    for text in (name.upper(), address.upper(), number, person.uuid, f".\\{name}"):
        assert await five.netwrix("GET", f"/users/{quote(text, safe='')}") == shown
    await person.patch_clerk(username=(renamed := username("renamed")))
    assert (await five.netwrix("GET", f"/users/{renamed}"))["Id"] == shown["Id"]
    await five.netwrix("GET", f"/users/{name}", expect=404)
    await five.monocloud("DELETE", f"{person.monocloud_path}/username")
    assert (await person.in_netwrix())["UserName"] == address
    await person.patch_auth0(email=None)
    assert (await person.in_netwrix())["UserName"] == number
    claimed = await five.born_in_mattr(email=address)  # a contact is no name
    assert (await claimed.in_netwrix())["UserName"] == claimed.uuid

    for taken in ("admin", "update"):
        hidden = await five.born_in_monocloud(username=taken)
        assert (await hidden.in_netwrix())["UserName"] == f".\\{taken}"
        found = await five.netwrix("GET", f"/users/{quote(f'.{chr(92)}{taken}', safe='')}")
        assert (found["Id"], found["IsInternal"]) == ((await hidden.in_netwrix())["Id"], False)
    assert (await five.netwrix("GET", "/users/admin"))["IsInternal"] is True


async def test_h11_three_outer_ids_stay_three_things(five: Five) -> None:
    """The id that Auth0 was given at creation, Clerk's external id and MATTR's subject are three things with three rules of
    uniqueness: none is shown in the place of another.
    """
    legacy, outer, subject = username("legacy-"), username("outer-"), username("subject-")
    made = {"connection": five.connection, "email": email(), "password": PASSWORD, "user_id": legacy}
    shown = await five.auth0("POST", "/users", made, expect=201)
    assert shown["user_id"] == f"auth0|{legacy}"
    (clerk,) = await five.clerk("GET", "/users", query={"email_address": made["email"]})
    assert clerk["external_id"] is None
    await five.clerk("PATCH", f"/users/{clerk['id']}", {"external_id": outer})
    (mattr,) = (await five.mattr("POST", "/users/search", {"claims": {"email": made["email"]}}))["data"]
    link = {"providerId": await five.provider(), "subjectId": subject}
    await five.mattr("PUT", f"/users/{mattr['id']}", {"claims": mattr["claims"], "authenticationProvider": link})

    assert (await five.auth0("GET", f"/users/{quote(f'auth0|{legacy}', safe='')}"))["user_id"] == f"auth0|{legacy}"
    found = await five.clerk("GET", "/users", query={"external_id": outer})
    assert [(each["id"], each["external_id"]) for each in found] == [(clerk["id"], outer)]
    (linked,) = (await five.mattr("POST", "/users/search", {"authenticationProvider": {"subjectId": subject}}))["data"]
    assert (linked["id"], linked["authenticationProvider"]["subjectId"]) == (mattr["id"], subject)
    assert await five.clerk("GET", "/users", query={"external_id": legacy}) == []

    other = await five.born_in_clerk(external_id=legacy)  # of another kind, so that it is free
    await other.patch_clerk(422, external_id=outer)
    await five.auth0("POST", "/users", {**made, "email": email()}, expect=409)


async def test_h29_two_connections_are_two_realms(five: Five) -> None:
    """The same address in a second database connection is another user: every dialect lists both, filters by the address
    find both, and each is changed within its own realm.
    """
    address = email("twice")
    new = {"name": username("second-"), "strategy": "auth0", "options": {"requires_username": True}}
    connection = await five.auth0("POST", "/connections", new, expect=201)
    here = await five.born_in_auth0(email=address)
    there = await five.born_in_auth0(email=address, connection=connection["name"], username=(name := username("other")))
    assert [each["user_id"] for each in await five.auth0("GET", "/users-by-email", query={"email": address})] == [
        f"auth0|{here.id}",
        f"auth0|{there.id}",
    ]
    found = await five.clerk("GET", "/users", query={"email_address": address, "order_by": "+created_at"})
    assert [each["id"] for each in found] == [here.clerk_id, there.clerk_id]
    found = await five.monocloud("GET", "/users", query={"filter": f'emails.email:"{address}"'})
    assert [each["user_id"] for each in found] == [here.monocloud_id, there.monocloud_id]
    found = (await five.mattr("POST", "/users/search", {"claims": {"email": address}}))["data"]
    assert [each["id"] for each in found] == [here.uuid, there.uuid]
    full = f"{connection['name']}\\{name}"
    assert (await five.netwrix("GET", f"/users/{quote(full, safe='')}"))["UserName"] == full
    assert full in [each["UserName"] for each in await five.netwrix("GET", "/users")]

    await there.patch_auth0(400, username="x" * 16)  # too long for this connection
    await here.patch_clerk(username=name)  # free in this realm
    await five.clerk("POST", "/users", {"email_address": [address], "skip_password_requirement": True}, expect=422)
    await five.clerk("PUT", f"{here.clerk_path}/email_address", {"email_address": email()})
    await five.born_in_clerk(email_address=[address])  # the default realm's is free now
    assert (await there.in_auth0())["email"] == address
