"""What a signed-in person does with their own account: everything of theirs, nothing of anybody else's, and some of it only
shortly after a proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.account.access import RECENT, account_actor
from muster.core.account.deletion import delete_account
from muster.core.account.factors import OwnFactors, codes_left, make_backup_codes, remove_totp
from muster.core.account.links import unlink
from muster.core.account.passwords import OwnPassword
from muster.core.account.profile import change_profile, change_username
from muster.core.account.sessions import (
    AppAccess,
    end_other_sessions,
    end_own_session,
    forget_browser,
    own_apps,
    own_sessions,
    remembered_browsers,
    revoke_app,
)
from muster.core.actor import Actor
from muster.core.apps.model import Application
from muster.core.credentials.second_factors import has_second_factor
from muster.core.ids import new_id
from muster.core.sessions.actions import Started
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import ConsentScope, Grant, Session
from muster.core.settings.model import SETTINGS_ID, SignInRules, SignInSettings
from muster.core.sign_in import remembered
from muster.core.store import Change, Unit
from muster.core.users import flags
from muster.core.users.model import Link, User
from tests.core.people import (
    CONTEXT,
    GOOD,
    KNOWN,
    keep,
    kinds_sent,
    new_passwords,
    opened_people,
    own,
    proved,
    refused,
    sign_in,
)
from tests.core.sign_in import NOW, RIGHT, World
from tests.databases import Databases

BOB = "bob@example.org"


@pytest.fixture
async def world(sqlite_databases: Databases) -> AsyncIterator[World]:
    async with opened_people(sqlite_databases.migrated()) as world:
        world.ann = await world.add(BOB, emails=[proved(BOB)])
        yield world


@pytest.fixture
async def session(world: World) -> Started:
    return await sign_in(world, world.ann)


def factors(world: World) -> OwnFactors:
    return OwnFactors(world.runner, world.checks, world.secrets, world.codes)


def password(world: World) -> OwnPassword:
    return OwnPassword(world.runner, world.checks, new_passwords(world))


async def owned(world: World, session: Started) -> tuple[int, User, str]:
    return world.tenant_id, await world.user(), session.session.id


# -------------------------------------------------------------------------------------------------------- who may, and when


async def test_only_a_living_session_of_the_very_person_opens_the_account(world: World, session: Started) -> None:
    eve = await world.add("eve@example.org", emails=[proved("eve@example.org")])
    hers = await sign_in(world, eve)
    foreign = world.act(change_profile, hers.session.id, {"name": "Bob"}, actor=account_actor(await world.user()))
    assert await refused(foreign) == "session_over"
    powerless = Actor(kind="user", id=world.ann, door="x", permissions=frozenset(), user_id=world.ann)
    without = world.act(change_profile, session.session.id, {"name": "Bob"}, actor=powerless)
    assert await refused(without) == "permission_missing"
    assert await refused(own(world, session, change_profile, {"name": "Bob"})) == "done"
    await own(world, session, end_own_session, session.session.id)
    assert await refused(own(world, session, change_profile, {"name": "Bob"})) == "session_over"


@pytest.mark.parametrize("act", [remove_totp, make_backup_codes, delete_account])
async def test_what_could_hand_the_account_over_takes_a_fresh_proof(world: World, session: Started, act: Any) -> None:
    world.clock.turn(ms=RECENT + 1)
    assert await refused(own(world, session, act)) == "reauthenticate"
    fresh = await sign_in(world, world.ann)
    assert await refused(own(world, fresh, act)) in ("done", "no_second_factor")


async def test_an_impersonator_may_look_but_not_touch(world: World) -> None:
    acted = await sign_in(world, world.ann, impersonator={"sub": "admin"})
    assert await refused(own(world, acted, change_profile, {"nickname": "B"})) == "done"
    for act in (make_backup_codes, delete_account):
        assert await refused(own(world, acted, act)) == "impersonated"


# ----------------------------------------------------------------------------------------------------------------- profile


async def test_names_are_the_persons_own(world: World, session: Started) -> None:
    user = await own(
        world, session, change_profile, {"given_name": " Bob ", "website": "https://b.example", "nickname": ""}
    )
    assert (user.profile.given_name, user.profile.website, user.profile.nickname) == ("Bob", "https://b.example", None)
    assert (await own(world, session, change_profile, {"given_name": None})).profile.given_name is None
    for member, value in (
        ("website", "javascript:alert(1)"),
        ("profile", "ftp://x"),
        ("name", "a\x00"),
        ("name", "x" * 301),
        ("picture", "https://x"),
        ("custom", "x"),
        ("metadata", "x"),
    ):
        assert await refused(own(world, session, change_profile, {member: value})) == "field_malformed"


async def test_a_user_name_is_unique_and_no_address(world: World, session: Started) -> None:
    assert (await own(world, session, change_username, "Bob")).username.key == "bob"
    eve = await sign_in(world, await world.add("eve@example.org", emails=[proved("eve@example.org")]))
    assert await refused(own(world, eve, change_username, "BOB")) == "taken"
    for malformed in ("eve@example.com", "+4179", "x" * 31, " eve", "a\\b"):
        assert await refused(own(world, eve, change_username, malformed)) == "username_malformed"
    assert (await own(world, session, change_username, "")).username is None


# ---------------------------------------------------------------------------------------------------------------- password


async def test_a_change_takes_the_old_password_and_ends_every_other_session(world: World, session: Started) -> None:
    other = await sign_in(world, world.ann)
    changing = password(world).change(*await owned(world, session), "wrong", GOOD, CONTEXT)
    assert await refused(changing) == "wrong_password"
    assert (await world.activity()).failures == 1
    for unfit in (KNOWN, RIGHT):
        changing = password(world).change(*await owned(world, session), RIGHT, unfit, CONTEXT)
        assert await refused(changing) == "password_policy"
    user = await password(world).change(*await owned(world, session), RIGHT, GOOD, CONTEXT)
    assert user.password is not None
    assert await world.passwords.verify(user.password.hash, GOOD)
    status = {each.id: each.status(NOW) for each in await world.store.owned(world.tenant_id, Session, world.ann)}
    assert status == {session.session.id: "active", other.session.id: "revoked"}
    assert await kinds_sent(world) == [("password_changed", BOB)]
    first = password(world).set_first(*await owned(world, session), GOOD, CONTEXT)
    assert await refused(first) == "has_password"


async def test_guessing_at_an_open_screen_locks(world: World, session: Started) -> None:
    for _ in range(10):
        changing = password(world).change(*await owned(world, session), "wrong", GOOD, CONTEXT)
        assert await refused(changing) == "wrong_password"
    changing = password(world).change(*await owned(world, session), RIGHT, GOOD, CONTEXT)
    assert await refused(changing) == "address_blocked"


async def test_a_first_password(world: World) -> None:
    world.ann = await world.add("carl@example.org", emails=[proved("carl@example.org")], password=None)
    session = await sign_in(world, world.ann)
    changing = password(world).change(*await owned(world, session), "", GOOD, CONTEXT)
    assert await refused(changing) == "no_password"
    world.clock.turn(ms=RECENT + 1)
    assert await refused(password(world).set_first(*await owned(world, session), GOOD, CONTEXT)) == "reauthenticate"
    session = await sign_in(world, world.ann)
    assert await refused(password(world).set_first(*await owned(world, session), GOOD, CONTEXT)) == "done"
    link = Link(
        id="a" * 32, kind="enterprise", connection_id="c", provider="saml", subject="1", created_at=NOW, updated_at=NOW
    )
    world.ann = await world.add("emp@example.org", emails=[proved("emp@example.org")], password=None, links=[link])
    session = await sign_in(world, world.ann)
    assert await refused(password(world).set_first(*await owned(world, session), GOOD, CONTEXT)) == "vouched_for"


# ---------------------------------------------------------------------------------------------------------- second factors


async def test_an_authenticator_app_and_codes_for_a_rainy_day(world: World, session: Started) -> None:
    assert await refused(own(world, session, make_backup_codes)) == "no_second_factor"
    begun = await factors(world).begin_totp(*await owned(world, session), "Example", CONTEXT)
    assert begun.uri.startswith("otpauth://totp/Example:bob%40example.org?secret=")
    assert repr(begun) == "Enrolment()"
    again = await factors(world).begin_totp(*await owned(world, session), "Example", CONTEXT)
    assert again.secret == begun.secret
    wrong = factors(world).confirm_totp(*await owned(world, session), "000000", CONTEXT)
    assert await refused(wrong) == "wrong_code"
    code = world.code(begun.secret)
    assert has_second_factor(await factors(world).confirm_totp(*await owned(world, session), code, CONTEXT))
    codes = await own(world, session, make_backup_codes)
    assert (len(set(codes)), codes_left(await world.user())) == (10, 10)
    await world.checks.check_code(world.attempt(who=world.ann), codes[0])
    assert codes_left(await world.user()) == 9
    user = await own(world, session, remove_totp)
    assert (user.factors, user.codes) == ([], [])
    assert await kinds_sent(world) == [("factor_added", BOB), ("factor_removed", BOB)]


async def test_a_demanded_factor_stays(world: World, session: Started) -> None:
    begun = await factors(world).begin_totp(*await owned(world, session), "Example", CONTEXT)
    await factors(world).confirm_totp(*await owned(world, session), world.code(begun.secret), CONTEXT)
    settings = await world.store.get(world.tenant_id, SignInSettings, SETTINGS_ID)
    assert settings is not None
    after = replace(settings, version=2, rules=SignInRules(second_factor="required"))
    await world.store.commit(Unit(world.tenant_id, [Change(settings, after)]))
    assert await refused(own(world, session, remove_totp)) == "factor_demanded"


async def test_no_factor_before_an_address_is_proved(world: World) -> None:
    world.ann = await world.add("squatter@example.org")
    session = await sign_in(world, world.ann)
    begun = factors(world).begin_totp(*await owned(world, session), "Example", CONTEXT)
    assert await refused(begun) == "verify_first"


# --------------------------------------------------------------------------------------------------- sessions and tokens


async def test_sessions_are_ended_one_or_all(world: World, session: Started) -> None:
    others = [await sign_in(world, world.ann) for _ in range(3)]
    eve = await sign_in(world, await world.add("eve@example.org"))
    assert len(await own_sessions(world.store, world.tenant_id, await world.user(), NOW)) == 4
    assert await refused(own(world, session, end_own_session, eve.session.id)) == "session"
    assert await refused(own(world, session, end_own_session, "nothing")) == "session"
    assert (await own(world, session, end_own_session, others[0].session.id)).ending == "revoked"
    assert len(await own(world, session, end_other_sessions)) == 2
    left = await own_sessions(world.store, world.tenant_id, await world.user(), NOW)
    assert [each.id for each in left] == [session.session.id]
    assert (await own(world, session, end_own_session, session.session.id)).ending == "ended"


async def test_what_applications_hold_is_shown_and_taken_back(world: World, session: Started) -> None:
    await keep(world, Application(id="mail", name="Mail", logo_uri="https://logo", created_at=NOW))

    async def grant(tx: Any) -> None:
        user = await tx.need(User, world.ann)
        agreed = [ConsentScope(scope="read", granted_at=NOW), ConsentScope(scope="send", granted_at=NOW)]
        await issue_grant(tx, user, Grant(user_id=user.id, kind="consent", app_id="mail", consented=agreed))
        await issue_grant(tx, user, Grant(user_id=user.id, kind="refresh_token", app_id="mail", scopes=["read"]))
        await issue_grant(tx, user, Grant(user_id=user.id, kind="reference_token", app_id="gone", scopes=["x"]))
        await issue_grant(tx, user, Grant(user_id=user.id, kind="code", app_id="coded", expires_at=NOW + 1000))

    await world.act(grant)
    shown = await own_apps(world.store, world.tenant_id, await world.user(), NOW)
    assert sorted(shown, key=lambda each: each.app_id) == [
        AppAccess(app_id="gone", name="gone", scopes=["x"], since=NOW),
        AppAccess(app_id="mail", name="Mail", logo_uri="https://logo", scopes=["read", "send"], since=NOW),
    ]
    assert await own(world, session, revoke_app, "mail") == 2
    assert await refused(own(world, session, revoke_app, "mail")) == "app"
    assert [each.app_id for each in await own_apps(world.store, world.tenant_id, await world.user(), NOW)] == ["gone"]


async def test_remembered_browsers_are_forgotten(world: World, session: Started) -> None:
    async def remember(tx: Any) -> None:
        for number in range(3):
            await remembered.remember(tx, world.ann, f"browser {number}", 1000)

    await world.act(remember)
    found = await remembered_browsers(world.store, world.tenant_id, await world.user(), NOW)
    assert len(found) == 3
    assert await own(world, session, forget_browser, found[0].id) == 1
    assert await refused(own(world, session, forget_browser, found[0].id)) == "browser"
    assert await own(world, session, forget_browser) == 2
    assert await remembered_browsers(world.store, world.tenant_id, await world.user(), NOW) == []


# ----------------------------------------------------------------------------------------------------- links and the end


async def test_an_identity_elsewhere_is_unlinked_unless_it_is_the_last_way_in(world: World) -> None:
    link = Link(
        id=new_id(NOW),
        kind="social",
        connection_id="c",
        provider="google",
        subject="1",
        created_at=NOW,
        updated_at=NOW,
    )
    home = replace(link, id=new_id(NOW), kind="database", subject="2")
    world.ann = await world.add("carl@example.org", password=None, links=[link, home])
    session = await sign_in(world, world.ann)
    assert await refused(own(world, session, unlink, home.id)) == "link"
    assert await refused(own(world, session, unlink, "nothing")) == "link"
    assert await refused(own(world, session, unlink, link.id)) == "done"
    world.ann = await world.add("dora@example.org", password=None, links=[replace(link, subject="3")])
    session = await sign_in(world, world.ann)
    assert await refused(own(world, session, unlink, link.id)) == "last_way_in"


async def test_an_account_is_deleted_whole_if_it_may(world: World, session: Started) -> None:
    async def forbid(tx: Any, *, may: bool) -> None:
        await flags.set_allowed(tx, await tx.need(User, world.ann), {"delete_self": may})

    await world.act(forbid, may=False)
    assert await refused(own(world, session, delete_account)) == "delete_self"
    await world.act(forbid, may=True)
    await own(world, session, delete_account)
    assert await world.store.get(world.tenant_id, User, world.ann) is None
    assert list(await world.store.owned(world.tenant_id, Session, world.ann)) == []
    assert await kinds_sent(world) == [("account_deleted", BOB)]
    settings = await world.store.get(world.tenant_id, SignInSettings, SETTINGS_ID)
    assert settings is not None
    closed = replace(settings, version=2, self_deletion=False)
    await world.store.commit(Unit(world.tenant_id, [Change(settings, closed)]))
    world.ann = await world.add(BOB, emails=[proved(BOB)])
    assert await refused(own(world, await sign_in(world, world.ann), delete_account)) == "delete_self"
    operator = await world.add("op@example.org", emails=[proved("op@example.org")], internal=True)
    world.ann = operator
    assert await refused(own(world, await sign_in(world, operator), delete_account)) == "delete_self"
