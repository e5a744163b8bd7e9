"""What becomes of somebody who comes back from a provider: known, new, refused, asked for more, or added to an account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, NotFound
from muster.core.events import Context
from muster.core.external.config import OpenIdProvider
from muster.core.external.engine import Returned
from muster.core.external.sign_up import with_brought_identity
from muster.core.ids import new_id
from muster.core.sessions.model import Method
from muster.core.settings.model import CustomField, IdentifierRule, Restriction, SignInRules, SignUpRules
from muster.core.sign_in.model import Asked
from muster.core.sign_up.model import SignUp
from muster.core.store import Change, Unit
from muster.core.users.model import Activity, ForeignId, Link, Lock, Origin, User
from tests.core.external.told import ADA, Told
from tests.databases import Databases
from tests.outside.elsewhere import BROWSER, NOW, REALM, SITE, Elsewhere, opened_elsewhere


class Scene:
    def __init__(self, world: Elsewhere, told: Told, connection: Connection) -> None:
        self.world = world
        self.told = told
        self.connection = connection

    async def come(self, connection: Connection | None = None, **attempt: Any) -> Returned:
        connection = connection or self.connection
        attempt_id = await self.world.attempt(**attempt)
        departure = await self.world.leave(connection, attempt_id)
        return await self.world.return_(connection, {"state": departure.url.partition("?")[2]})

    async def who(self, connection: Connection | None = None) -> User:
        return await self.world.user((await self.come(connection)).attempt.user_id)

    async def refusal(self) -> str:
        with pytest.raises(CredentialRefused) as refused:
            await self.come()
        return refused.value.code

    async def change_user(self, user: User, **members: Any) -> None:
        before = await self.world.user(user.id)
        after = replace(before, version=before.version + 1, **members)
        await self.world.store.commit(Unit(self.world.tenant_id, [Change(before, after)]))


@contextlib.asynccontextmanager
async def opened_scene(url: str) -> AsyncIterator[Scene]:
    told = Told()
    async with opened_elsewhere(url, NOW, told) as world:
        config = OpenIdProvider(provider="google", issuer="https://idp.example.com", client_id="me", trusts_email=True)
        yield Scene(world, told, await world.connect(config))


@pytest.fixture
async def scene(sqlite_databases: Databases) -> AsyncIterator[Scene]:
    url = sqlite_databases.migrated()
    async with opened_scene(url) as opened:
        yield opened
    sqlite_databases.drop(url)


@pytest.fixture
async def scene_on_each(migrated_url: str) -> AsyncIterator[Scene]:
    """For what rests on the database: unique keys, and two at once."""
    async with opened_scene(migrated_url) as opened:
        yield opened


async def test_somebody_new_is_born_and_comes_again(scene: Scene) -> None:
    user = await scene.who()
    assert user.origin == Origin(door="muster", via="external")
    assert user.foreign_ids == [ForeignId(kind="auth0", value="google-oauth2|1")]
    (email,), (link,) = user.emails, user.links
    assert (email.value, email.verified, email.links) == ("ada@example.org", True, [link.id])
    assert email.verification is not None
    assert (email.verification.method, email.verification.provider) == ("oauth", "google")
    assert (user.profile.name, user.profile.given_name) == ("Ada L", "Ada")
    assert user.activity is not None
    assert (user.activity.attempts, user.activity.logins) == (1, 0)

    scene.told.profile = {**ADA, "name": "Ada King", "given_name": "Augusta"}
    await scene.change_user(user, profile=replace(user.profile, given_name="Adele"))
    scene.world.clock.turn(seconds=60)
    again = await scene.who()
    assert again.id == user.id
    # What was changed here stays; what was not follows the provider.
    assert (again.profile.name, again.profile.given_name) == ("Ada King", "Adele")
    assert again.links[0].authenticated_at == NOW + 60_000
    assert again.links[0].profile["given_name"] == "Augusta"


async def test_a_visit_that_tells_nothing_new_is_no_change_of_the_user(scene: Scene) -> None:
    user = await scene.who()
    scene.world.clock.turn(seconds=60)
    again = await scene.who()
    assert again.updated_at == user.updated_at
    assert [kind for kind, _ in await scene.world.events()].count("user.updated") == 1


async def test_an_address_that_somebody_has_is_only_a_contact(scene: Scene) -> None:
    other = await scene.world.add_user("ada@example.org")
    user = await scene.who()
    assert user.id != other.id
    assert user.emails == []
    assert user.links[0].profile["email"] == "ada@example.org"


async def test_an_unverified_or_untrusted_address_is_only_a_contact(scene: Scene) -> None:
    scene.told.profile = {**ADA, "email_verified": False}
    assert (await scene.who()).emails == []
    scene.told.subject, scene.told.profile = "2", ADA
    await scene.world.change(scene.connection, trusts_email=False)
    assert (await scene.who()).emails == []


async def test_two_accounts_become_one_only_where_both_sides_are_proved(scene: Scene) -> None:
    await scene.world.settings(rules=SignInRules(link_by_email=True))
    unproved = await scene.world.add_user("ada@example.org", verified=False)
    assert (await scene.who()).id != unproved.id  # whoever made that account may not be Ada
    proved = await scene.world.add_user("eve@example.org")
    scene.told.subject, scene.told.profile = "2", {**ADA, "email": "eve@example.org", "email_verified": False}
    assert (await scene.who()).id != proved.id  # nor whoever says so there
    scene.told.subject, scene.told.profile = "3", {**ADA, "email": "Eve@example.org"}
    await scene.world.change(scene.connection, trusts_email=False)
    assert (await scene.who()).id != proved.id  # and not every provider is believed
    scene.told.subject = "4"
    await scene.world.change(scene.connection, trusts_email=True)
    assert (await scene.who()).id == proved.id
    powerful = await scene.world.add_user("root@example.org", hub_roles=["admin"])
    scene.told.subject, scene.told.profile = "5", {**ADA, "email": "root@example.org"}
    assert (await scene.who()).id != powerful.id
    await scene.world.settings(rules=SignInRules(link_by_email=False))
    scene.told.subject, scene.told.profile = "6", {**ADA, "email": "eve@example.org"}
    assert (await scene.who()).id != proved.id


async def test_who_may_not_come_in(scene: Scene) -> None:
    user = await scene.who()
    await scene.change_user(user, suspended=True)
    assert await scene.refusal() == "suspended"
    assert ("sign_in.suspended", {}) in await scene.world.events()
    await scene.change_user(user, suspended=False)
    locked = replace(user.activity or Activity(), lock=Lock(at=NOW, cause="manual"), version=9)
    before = (await scene.world.user(user.id)).activity
    await scene.world.store.commit(Unit(scene.world.tenant_id, [Change(before, replace(locked, id=user.id))]))
    assert await scene.refusal() == "locked"


async def test_who_gets_no_account(scene: Scene) -> None:
    await scene.world.settings(sign_up=SignUpRules(enabled=False))
    assert await scene.refusal() == "sign_up_closed"
    await scene.world.change(scene.connection, sign_up="always")
    assert (await scene.come()).outcome == "signed_in"
    scene.told.subject = "2"
    await scene.world.settings(sign_up=SignUpRules(enabled=True))
    await scene.world.change(scene.connection, sign_up="never")
    assert await scene.refusal() == "sign_up_closed"
    await scene.world.change(scene.connection, sign_up="tenant")
    await scene.world.settings(blocked=Restriction(enabled=True, values=["example.org"]))
    assert await scene.refusal() == "sign_up_barred"
    scene.told.profile = {**ADA, "email_verified": False}
    assert await scene.refusal() == "sign_up_barred"
    await scene.world.settings(allowed=Restriction(enabled=True, values=["@example.org"]))
    assert await scene.refusal() == "sign_up_barred"  # nobody vouches for the address
    scene.told.profile = ADA
    assert (await scene.come()).outcome == "signed_in"


async def test_more_is_asked_for_before_there_is_an_account(scene: Scene) -> None:
    await scene.world.settings(username=IdentifierRule(required_at_sign_up=True))
    returned = await scene.come()
    assert (returned.outcome, returned.attempt.user_id) == ("sign_up", None)
    sign_up = await scene.world.store.get(scene.world.tenant_id, SignUp, returned.attempt.id)
    assert sign_up is not None
    assert sign_up.email is not None
    assert (sign_up.email.value, sign_up.email.verified_at, sign_up.given_name) == ("ada@example.org", NOW, "Ada")
    made = await scene.world.add_user("ada@example.org", verified=False)
    whole = with_brought_identity(made, sign_up, NOW)
    assert [(link.provider, link.subject) for link in whole.links] == [("google", "1")]
    assert whole.foreign_ids == [ForeignId(kind="auth0", value="google-oauth2|1")]
    assert "of-1" not in str(sign_up.external)
    for settings in (
        {"phone": IdentifierRule(required_at_sign_up=True)},
        {"custom_fields": [CustomField(name="team", label="Team", required=True)]},
    ):
        scene.told.subject = "2"
        await scene.world.settings(**settings)
        assert (await scene.come()).outcome == "sign_up"


async def test_the_same_newcomer_twice_at_once_is_one_user(scene_on_each: Scene) -> None:
    other = await scene_on_each.world.add_user("ada@example.org")
    both = await asyncio.gather(scene_on_each.come(), scene_on_each.come())
    (id_,) = {returned.attempt.user_id for returned in both}
    assert id_ != other.id
    assert (await scene_on_each.world.user(id_)).emails == []  # learnt from the commit that it is somebody's


async def test_two_connections_to_one_kind_of_provider_share_no_ids(scene: Scene) -> None:
    assert scene.connection.provider is not None
    other = await scene.world.connect(scene.connection.provider, "elsewhere0000002")
    first, second = await scene.who(), await scene.who(other)
    assert first.id != second.id
    assert second.foreign_ids == []  # the id is the first one's


async def test_an_application_has_only_its_own_connections(scene: Scene) -> None:
    await scene.world.change(scene.connection, every_app=False)
    attempt_id = await scene.world.attempt(app_id="app-1")
    with pytest.raises(NotFound):
        await scene.world.leave(scene.connection, attempt_id)


async def test_nobody_elsewhere_vouches_for_operators(scene: Scene) -> None:
    await scene.world.keep(Connection(id="internal00000000", version=1, name="internal", internal=True, created_at=1))
    attempt_id = await scene.world.attempt(realm="internal00000000")
    with pytest.raises(NotFound):
        await scene.world.leave(scene.connection, attempt_id)
    with pytest.raises(NotFound):  # nor when the request names the provider itself
        await scene.world.leave(scene.connection, await scene.world.attempt(asked=Asked(connection_id="another")))


async def test_a_connection_cannot_pass_for_another_proof(scene: Scene) -> None:
    assert scene.connection.provider is not None
    other = await scene.world.connect(scene.connection.provider, "elsewhere0000002", name="passkey")
    returned = await scene.come(other)
    assert returned.attempt.methods == [Method(name="connection passkey", at=NOW)]


async def test_claims_that_a_connection_keeps(scene: Scene) -> None:
    await scene.world.change(scene.connection, claims=["department", "given_name", "missing"])
    scene.told.profile = {**ADA, "department": "x"}
    user = await scene.who()
    assert (user.claims, user.profile.given_name) == ({"department": "x"}, "Ada")
    scene.told.profile = {**ADA, "department": ["y", "z"]}
    assert (await scene.who()).claims == {"department": ["y", "z"]}


# -------------------------------------------------------------------------------------------------- adding to an account


class Adding:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    async def leave(self, session: Any) -> str:
        world = self.scene.world
        departure = await world.external.begin_adding(
            world.tenant_id, session, BROWSER, self.scene.connection.id, SITE, Context()
        )
        return departure.url.partition("?")[2]

    async def back(self, state: str, browser: str = BROWSER) -> Returned:
        return await self.scene.world.return_(self.scene.connection, {"state": state}, browser)


async def test_an_identity_is_added_with_proof_of_both(scene: Scene) -> None:
    adding, world = Adding(scene), scene.world
    user = await world.add_user("bob@example.org")
    state = await adding.leave(await world.session(user))
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await adding.back(state, "another browser")
    returned = await adding.back(state)
    assert returned.outcome == "linked"
    after = await world.user(user.id)
    assert [link.subject for link in after.links] == ["1"]
    assert [address.value for address in after.emails] == ["bob@example.org", "ada@example.org"]
    assert (await scene.who()).id == user.id
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await adding.back(state)


async def test_what_is_not_added(scene: Scene) -> None:
    adding, world = Adding(scene), scene.world
    user = await world.add_user("bob@example.org")
    session = await world.session(user)
    somebody = await scene.who()
    state = await adding.leave(session)
    with pytest.raises(Conflict, match="identity_taken"):
        await adding.back(state)
    assert [link.subject for link in (await world.user(somebody.id)).links] == ["1"]
    scene.told.subject = "2"
    state = await adding.leave(session)
    ended = replace(session, version=2, ending="ended", ended_at=NOW)
    await world.store.commit(Unit(world.tenant_id, [Change(session, ended)]))
    with pytest.raises(CredentialRefused, match="session_over"):
        await adding.back(state)
    session = await world.session(user)
    world.clock.turn(seconds=16 * 60)
    with pytest.raises(CredentialRefused, match="reauthenticate"):
        await adding.leave(session)
    unproved = await world.add_user("mallory@example.org", verified=False)
    with pytest.raises(Conflict, match="verify_first"):
        await adding.leave(await world.session(unproved))


async def test_a_link_that_another_api_made_is_known(scene: Scene) -> None:
    link = Link(
        id=new_id(NOW),
        kind="social",
        connection_id=scene.connection.id,
        provider="google",
        subject="1",
        created_at=NOW,
        updated_at=NOW,
    )
    user = await scene.world.add_user("bob@example.org", links=[link])
    assert user.realm == REALM
    assert (await scene.who()).id == user.id
