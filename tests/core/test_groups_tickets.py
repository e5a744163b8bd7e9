"""Tickets, the keys of programs, and the settings: the acts beside groups that a tenant's programs need."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.api_keys.actions import create_api_key, find_api_key, revoke_api_key
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.lockout import LockPolicy
from muster.core.errors import Conflict, NotAllowed, NotFound
from muster.core.passwords.policy import Policy
from muster.core.settings.actions import read_settings, sign_in_settings, update_settings
from muster.core.settings.model import LockoutRules, PasswordRules, Restriction, SignInSettings
from muster.core.settings.rules import is_barred, lock_policy, password_policy
from muster.core.tickets.actions import issue_ticket, reset_by_ticket, verify_by_ticket
from muster.core.tickets.model import Ticket
from muster.core.users.actions import HashedPassword, delete_user
from muster.core.users.model import MustChange
from tests.core.sign_in import QUICK_HASH, World, opened_world

NOBODY = Actor(kind="client", id="a", door="muster", permissions=frozenset())
MINUTE = 60_000


@pytest.fixture
async def here(migrated_url: str):  # type: ignore[no-untyped-def]
    async with opened_world(migrated_url) as made:
        yield made


async def refused(here: World, act: object, *args: object) -> str:
    with pytest.raises(CredentialRefused) as found:
        await here.act(act, *args)
    return found.value.code


async def test_a_ticket_proves_an_address_once_and_in_time(here: World) -> None:
    _, text = await here.on_ann(issue_ticket, "verify_email", lifetime=MINUTE, address_id="e")
    assert await refused(here, reset_by_ticket, text, HashedPassword(QUICK_HASH, "bcrypt")) == "ticket_over"
    assert await refused(here, verify_by_ticket, text[:-1] + "!") == "ticket_over"
    here.clock.turn(ms=MINUTE)
    assert await refused(here, verify_by_ticket, text) == "ticket_over"
    _, text = await here.on_ann(issue_ticket, "verify_email", lifetime=MINUTE, address_id="e")
    here.clock.turn(ms=MINUTE - 1)
    user = await here.act(verify_by_ticket, text)
    assert (user.emails[0].verified, user.emails[0].verification.method) == (True, "link")
    assert await refused(here, verify_by_ticket, text) == "ticket_over"
    with pytest.raises(Conflict):
        await here.on_ann(issue_ticket, "verify_email", lifetime=MINUTE, address_id="e")
    with pytest.raises(NotFound):
        await here.on_ann(issue_ticket, "verify_email", lifetime=MINUTE, address_id="another")
    with pytest.raises(NotAllowed):
        await here.on_ann(issue_ticket, "reset_password", lifetime=MINUTE, actor=NOBODY)


async def test_only_the_last_ticket_of_a_kind_is_good(here: World) -> None:
    _, first = await here.on_ann(issue_ticket, "reset_password", lifetime=MINUTE)
    _, mail = await here.on_ann(issue_ticket, "verify_email", lifetime=MINUTE, address_id="e")
    ticket, last = await here.on_ann(issue_ticket, "reset_password", lifetime=MINUTE)
    assert (len(last), last in ticket.hash) == (32, False)

    async def demand(tx, user):  # type: ignore[no-untyped-def]
        return tx.save(replace(user, must_change=MustChange(by=0, why="admin")))

    await here.on_ann(demand)
    new = HashedPassword(QUICK_HASH, "bcrypt")
    assert await refused(here, reset_by_ticket, first, new) == "ticket_over"
    user = await here.act(reset_by_ticket, last, new)
    assert (user.must_change, len(user.password.history)) == (None, 1)
    await here.act(verify_by_ticket, mail)


async def test_a_users_tickets_go_with_the_user(here: World) -> None:
    ticket, text = await here.on_ann(issue_ticket, "reset_password", lifetime=MINUTE)
    await here.on_ann(delete_user)
    assert await here.store.get(here.tenant_id, Ticket, ticket.id) is None
    assert await refused(here, reset_by_ticket, text, HashedPassword(QUICK_HASH, "bcrypt")) == "ticket_over"


async def test_a_key_opens_one_api_until_it_is_revoked(here: World) -> None:
    key = await here.act(create_api_key, "mine", "secret-text", door="one")
    assert "secret-text" not in repr(key)
    assert await find_api_key(here.store, here.tenant_id, "secret-text", door="one") == key
    assert await find_api_key(here.store, here.tenant_id, "secret-text", door="two") is None
    assert await find_api_key(here.store, here.tenant_id + 1, "secret-text", door="one") is None
    epoch = await here.store.access_epoch(here.tenant_id)
    await here.act(revoke_api_key, key.id)
    assert await find_api_key(here.store, here.tenant_id, "secret-text", door="one") is None
    assert await here.store.access_epoch(here.tenant_id) > epoch
    with pytest.raises(NotFound):
        await here.act(revoke_api_key, key.id)
    for act, args in ((create_api_key, ("x", "y")), (revoke_api_key, (key.id,))):
        with pytest.raises(NotAllowed):
            await here.act(act, *args, actor=NOBODY, **({"door": "one"} if act is create_api_key else {}))


async def test_settings_are_the_defaults_until_they_are_changed(here: World) -> None:
    assert await sign_in_settings(here.store, here.tenant_id) == SignInSettings()
    assert await here.act(update_settings, lambda settings: settings) is not None
    changed = await here.act(update_settings, lambda settings: replace(settings, shortest_username=3))
    assert (await sign_in_settings(here.store, here.tenant_id)) == changed
    assert changed.shortest_username == 3
    with pytest.raises(NotAllowed):
        await here.act(update_settings, lambda settings: settings, actor=NOBODY)
    with pytest.raises(NotAllowed):
        await read_settings(here.store, here.tenant_id, NOBODY)


def test_settings_as_rules() -> None:
    def policy(**rules: object) -> Policy:
        return password_policy(SignInSettings(password=PasswordRules(**rules)), known=True)  # type: ignore[arg-type]

    assert policy() == Policy(known=True)
    assert policy(least=3, kinds=["digit"], distinct=2) == Policy(least=3, kinds=("digit",), distinct=2, known=True)
    assert [policy(not_last=5).history, policy(not_last=99).history, policy(not_within=1).history] == [5, 24, 24]
    assert policy(not_last=2, not_within=1).history == 24

    def locks(**rules: object) -> LockPolicy:
        return lock_policy(SignInSettings(lockout=LockoutRules(**rules)))  # type: ignore[arg-type]

    assert locks() == LockPolicy()
    assert locks(enabled=False) == LockPolicy(account_failures=None, address_failures=None)
    assert locks(closes="account", failures=3, account_lock=5) == LockPolicy(
        account_failures=3, account_lock=5, address_failures=None
    )
    assert locks(never_blocked=["192.0.2.1"]) == LockPolicy(never_blocked=frozenset({"192.0.2.1"}))


def test_who_may_sign_up() -> None:
    listed = Restriction(enabled=True, values=["Bad.example", "@worse.example", " eve@example.com", "+441514960453"])
    blocked, allowed = SignInSettings(blocked=listed), SignInSettings(allowed=listed)
    for kind, value, is_listed in (
        ("email", "x@BAD.example", True),
        ("email", "x@worse.example", True),
        ("email", "EVE@example.com", True),
        ("email", "x@sub.bad.example", False),
        ("email", "x@example.com", False),
        ("email", "not an address", False),
        ("phone", "+441514960453", True),
        ("phone", "+441514960454", False),
    ):
        assert is_barred(blocked, kind, value) is is_listed  # type: ignore[arg-type]
        assert is_barred(allowed, kind, value) is not is_listed  # type: ignore[arg-type]
    assert is_barred(SignInSettings(), "email", "x@bad.example") is False
