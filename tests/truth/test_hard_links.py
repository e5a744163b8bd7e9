"""Hard cases of identities elsewhere: how they are named, who is shown them, and what unlinking takes away."""

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.ids import UserId, new_id, random_text
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import NewUser, create_user, delete_user
from muster.core.users.model import DatabaseAccount, ForeignId, Link, Origin, User
from tests.truth.hard_cases import PASSWORD, Five, Person, email, username

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def connection(five: Five, kind: Any, strategy: str) -> Connection:
    """A connection of one's own, named differently from every other."""

    async def act(tx: Transaction) -> Connection:
        made = Connection(id=random_text(16), name=username("conn-"), kind=kind, strategy=strategy, created_at=tx.now)
        return tx.insert(made)

    made: Connection = await five.house.act("default", act)
    return made


def link_at(where: Connection, provider: str, now: int, **more: Any) -> Link:
    """An identity as a sign-in there would bring it."""
    kind: Any = more.pop("kind", where.kind)
    subject = more.pop("subject", username("subject-"))
    return Link(
        id=new_id(now),
        kind=kind,
        connection_id=where.id,
        provider=provider,
        subject=subject,
        created_at=now,
        updated_at=now,
        **more,
    )


NAMES = {
    "google": ("google-oauth2", "oauth_google", "google"),
    "apple": ("apple", "oauth_apple", "apple"),
    "facebook": ("facebook", "oauth_facebook", "facebook"),
    "github": ("github", "oauth_github", "github"),
    "twitter": ("twitter", "oauth_twitter", "twitter"),
    "linkedin": ("linkedin", "oauth_linkedin_oidc", "linkedin"),
    "microsoft": ("windowslive", "oauth_microsoft", "microsoft"),
    "gitlab": ("oauth2", "oauth_gitlab", "gitlab"),
    "discord": ("oauth2", "oauth_discord", "discord"),
    "xero": ("oauth2", "oauth_xero", "xero"),
    "saml": ("samlp", "saml_custom", "custom_enterprise"),
    "entra": ("waad", "saml_microsoft", "entra_oidc"),
    "okta": ("okta", "saml_okta", "custom_enterprise"),
    "google_workspace": ("google-apps", "saml_google", "custom_enterprise"),
    "ad": ("ad", "saml_custom", "custom_enterprise"),
    "adfs": ("adfs", "saml_custom", "custom_enterprise"),
}
"""A provider's name in Auth0, Clerk and MonoCloud, by the core's."""

ENTERPRISE = ("saml", "entra", "okta", "google_workspace", "ad", "adfs")


async def test_h24_each_dialect_has_its_own_name_for_a_provider(five: Five) -> None:
    """A provider is called by each dialect as that vendor calls it: Auth0 from its closed list, Clerk with the protocol before
    it, MonoCloud by kind where it knows no name.
    """
    social, enterprise = await connection(five, "social", "oauth2"), await connection(five, "enterprise", "samlp")
    person = await five.born_in_clerk()
    now = five.clock.now()
    links = [
        link_at(enterprise if provider in ENTERPRISE else social, provider, now + number)
        for number, provider in enumerate(NAMES)
    ]
    await person.become(lambda user: replace(user, links=links))

    in_auth0 = (await person.in_auth0())["identities"][1:]
    assert [each["provider"] for each in in_auth0] == [auth0 for auth0, _, _ in NAMES.values()]
    assert [each["isSocial"] for each in in_auth0] == [provider not in ENTERPRISE for provider in NAMES]
    clerk = await person.in_clerk()
    socials = [name for provider, (_, name, _) in NAMES.items() if provider not in ENTERPRISE]
    assert [each["provider"] for each in clerk["external_accounts"]] == socials
    others = [NAMES[provider][1] for provider in ENTERPRISE]
    assert [each["provider"] for each in clerk["saml_accounts"]] == others
    assert [each["provider"] for each in clerk["enterprise_accounts"]] == others
    in_monocloud = (await person.in_monocloud())["external_providers"]
    assert [each["authenticator"] for each in in_monocloud] == [monocloud for _, _, monocloud in NAMES.values()]
    assert {each["provider"] for each in in_monocloud} == {social.name, enterprise.name}


async def test_h24_a_generic_provider_has_a_generic_name(five: Five) -> None:
    """A generic OpenID provider is `oidc` for Auth0 and `custom_oidc` for MonoCloud."""
    where = await connection(five, "social", "oidc")
    person = await five.born_in_clerk()
    await person.become(lambda user: replace(user, links=[link_at(where, "oidc", five.clock.now())]))
    assert (await person.in_auth0())["identities"][1]["provider"] == "oidc"
    assert (await person.in_monocloud())["external_providers"][0]["authenticator"] == "custom_oidc"


async def test_h25_a_merged_account_is_shown_by_auth0_alone(five: Five) -> None:
    """A user who was merged into another is there no more: the former home account is an identity that Auth0 shows and no
    other dialect does, its names stay taken, and with its own password it signs in to the user it was merged into.
    """
    address = email("merged")
    primary, secondary = await five.born_in_auth0(), await five.born_in_auth0(email=address, password=PASSWORD)
    before = [await primary.in_clerk(), await primary.in_monocloud(), await primary.in_netwrix()]

    async def merge(tx: Transaction) -> None:
        gone, stays = await tx.need(User, secondary.id), await tx.need(User, primary.id)
        await delete_user(tx, gone)
        account = DatabaseAccount(email=address, password=gone.password)
        realm = await tx.need(Connection, gone.realm)
        link = link_at(
            realm, "auth0", tx.now, kind="database", subject=secondary.id, account=account, profile={"email": address}
        )
        tx.save(replace(stays, links=[link]))

    await five.house.act("default", merge)
    assert set((await secondary.statuses()).values()) == {404}
    assert (await primary.in_auth0())["identities"][1] == {
        "connection": five.connection,
        "user_id": secondary.id,
        "provider": "auth0",
        "isSocial": False,
        "profileData": {"email": address},
    }
    after = [await primary.in_clerk(), await primary.in_monocloud(), await primary.in_netwrix()]
    assert after == before
    new = {"connection": five.connection, "email": address, "password": PASSWORD}
    await five.auth0("POST", "/users", new, expect=409)
    signed_in = await five.sign_in_to_netwrix(address)
    assert signed_in["UserId"] == str((await primary.in_netwrix())["Id"])


async def test_h26_unlinking_drops_the_identity_and_keeps_its_address(five: Five) -> None:
    """Clerk's and MonoCloud's unlinking forget an identity elsewhere, and a subject sent through MATTR takes the place
    of the one before; an address that came with it stays and no longer names it.
    """
    where = await connection(five, "social", "google-oauth2")
    person = await five.born_in_clerk()
    links = [link_at(where, "google", five.clock.now() + number) for number in (0, 1)]

    def linked(user: User) -> User:
        return replace(user, links=links, emails=[replace(user.emails[0], links=[links[0].id])])

    await person.become(linked)
    clerk = await person.in_clerk()
    (address,) = clerk["email_addresses"]
    assert [each["type"] for each in address["linked_to"]] == ["oauth_google"]
    assert (await person.in_monocloud())["emails"][0]["source"] == "google"
    refused = await five.clerk("DELETE", f"/email_addresses/{address['id']}", expect=400)
    assert refused["errors"][0]["code"] == "delete_linked_identification_disallowed"

    account = clerk["external_accounts"][0]["external_account_id"]
    await five.clerk("DELETE", f"{person.clerk_path}/external_accounts/{account}")
    assert [each["user_id"] for each in (await person.in_auth0())["identities"]] == [person.id, links[1].subject]
    (address,) = (await person.in_clerk())["email_addresses"]
    assert address["linked_to"] == []
    assert (await person.in_monocloud())["emails"][0]["source"] == "monocloud"
    dropped = {"provider": where.name, "provider_user_id": links[1].subject}
    await five.monocloud("POST", f"{person.monocloud_path}/external_authenticator/disconnect", dropped)
    assert len((await person.in_auth0())["identities"]) == 1
    assert (await person.in_clerk())["external_accounts"] == []

    for subject in (username("first-"), username("second-")):
        link = {"providerId": await five.provider(), "subjectId": subject}
        body = {"claims": (await person.in_mattr())["claims"], "authenticationProvider": link}
        await five.mattr("PUT", person.mattr_path, body)
        assert [each["user_id"] for each in (await person.in_auth0())["identities"][1:]] == [subject]
        assert [each["provider_user_id"] for each in (await person.in_monocloud())["external_providers"]] == [subject]
        assert [each["provider_user_id"] for each in (await person.in_clerk())["enterprise_accounts"]] == [subject]


async def test_h27_the_externally_born_keep_their_first_id(five: Five) -> None:
    """A user whom a sign-in elsewhere made goes in Auth0 by that identity for ever and shows it first; everyone made through
    an API, MATTR with a subject included, has an id of ours and the other identity second.
    """
    where = await connection(five, "social", "google-oauth2")
    subject, address = username("1100"), email("brought")

    async def sign_up(tx: Transaction) -> str:
        realm = await tx.find(Connection, Key("", "connection_name", five.connection))
        assert realm is not None
        foreign = [ForeignId(kind="auth0", value=f"google-oauth2|{subject}")]
        user = await create_user(tx, realm, NewUser(origin=Origin(door="muster", via="external"), foreign_ids=foreign))
        profile = {"email": address, "email_verified": True, "name": "Ada", "locale": "en"}
        tx.save(replace(user, links=[link_at(where, "google", tx.now, subject=subject, profile=profile)]))
        return user.id

    person = Person(five, UserId(await five.house.act("default", sign_up)))
    shown = await five.auth0("GET", f"/users/google-oauth2%7C{subject}")
    assert shown["user_id"] == f"google-oauth2|{subject}"
    assert [(each["provider"], each["user_id"]) for each in shown["identities"]] == [("google-oauth2", subject)]
    assert (shown["email"], shown["email_verified"], shown["name"], shown["locale"]) == (address, True, address, "en")
    assert await person.in_auth0() == shown  # our own spelling finds it too
    clerk, monocloud, netwrix = await person.in_clerk(), await person.in_monocloud(), await person.in_netwrix()
    assert (clerk["email_addresses"], clerk["external_accounts"][0]["email_address"]) == ([], address)
    assert monocloud["connections"] == [{"idp": "google", "connection_id": subject}]
    assert monocloud["external_providers"][0]["claims"] == {
        "email": address,
        "email_verified": True,
        "name": "Ada",
        "locale": "en",
    }
    assert (netwrix["UserName"], netwrix["Email"], netwrix["IsOAuthUser"]) == (person.uuid, address, True)

    link = {"providerId": await five.provider(), "subjectId": (other := username("subject-"))}
    made = await five.mattr("POST", "/users", {"claims": {}, "authenticationProvider": link})
    by_mattr = Person(five, made["id"].replace("-", ""))
    identities = (await by_mattr.in_auth0())["identities"]
    assert [each["user_id"] for each in identities] == [by_mattr.id, other]
