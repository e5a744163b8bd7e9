from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import bcrypt
import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.credentials import second_factors as factors
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.checks import Proved
from muster.core.credentials.lockout import LockPolicy
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound
from muster.core.ids import new_user_id
from muster.core.sessions.tokens import hash_of
from muster.core.users import actions
from muster.core.users.model import Code, Factor, FactorUse, Mfa
from tests.core.sign_in import NOW, World, opened_world

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    async with opened_world(migrated_url) as world:
        yield world


async def code_of(check: Any) -> str:
    with pytest.raises(CredentialRefused) as refused:
        await check
    return refused.value.code


async def with_app(world: World) -> Factor:
    user = await world.on_ann(factors.add_totp, SECRET, world.secrets)
    factor: Factor = user.factors[0]
    return factor


async def test_an_app_is_enrolled_and_confirmed_by_its_first_code(world: World) -> None:
    user, secret = await world.on_ann(factors.begin_totp, world.secrets, world.codes)
    again = await world.on_ann(factors.begin_totp, world.secrets, world.codes)
    assert again == (user, secret)
    assert secret not in str(user.factors)
    assert not factors.must_prove_second_factor(user)
    with pytest.raises(Conflict, match="no_second_factor"):
        await world.checks.check_code(world.attempt(), world.code(secret))
    wrong = world.code(secret, seconds=3600)
    assert await code_of(world.checks.confirm_totp(world.attempt(), wrong)) == "wrong_code"

    world.clock.turn(seconds=40)
    now = world.clock.now()
    await world.checks.confirm_totp(world.attempt(), world.code(secret))
    user = await world.user()
    assert user.factors == [replace(user.factors[0], confirmed=True, enrolled_at=now, kind="totp")]
    assert user.mfa == Mfa(enabled_at=now, changed_at=now)
    assert factors.must_prove_second_factor(user)
    assert factors.last_used(user, user.factors[0]) == now
    assert (await world.activity()).failures == 0
    assert await world.events() == ["factor.begun", "factor.enrolled", "factor.failed"]
    with pytest.raises(Conflict, match="nothing_to_confirm"):
        await world.checks.confirm_totp(world.attempt(), world.code(secret))
    assert await code_of(world.checks.check_code(world.attempt(), world.code(secret))) == "wrong_code"


async def test_a_code_is_taken_once_and_never_an_older_one(world: World) -> None:
    factor = await with_app(world)
    version = (await world.user()).version
    proved = await world.checks.check_code(world.attempt(), world.code(SECRET))
    assert (proved.user.id, proved.by, proved.factor_id) == (world.ann, "totp", factor.id)
    use = FactorUse(at=NOW, step=NOW // 30_000)
    assert (proved.user.version, (await world.activity()).factors) == (version, {factor.id: use})
    for earlier in (0, -30):
        old = world.code(SECRET, seconds=earlier)
        assert await code_of(world.checks.check_code(world.attempt(), old)) == "wrong_code"
    world.clock.turn(seconds=30)
    await world.checks.check_code(world.attempt(), world.code(SECRET))
    assert await code_of(world.checks.check_code(world.attempt(), world.code(SECRET, seconds=-30))) == "wrong_code"


async def test_the_same_code_32_times_at_once_is_taken_once(world: World) -> None:
    await with_app(world)
    policy = LockPolicy(address_failures=None, account_failures=None)
    checks = [world.checks.check_code(world.attempt(policy=policy), world.code(SECRET)) for _ in range(32)]
    results = await asyncio.gather(*checks, return_exceptions=True)
    assert Counter(type(result) for result in results) == {Proved: 1, CredentialRefused: 31}
    assert (await world.activity()).attempts == 32


async def test_guessing_codes_locks_the_account_even_with_the_right_password(world: World) -> None:
    await with_app(world)
    attempt = world.attempt(policy=LockPolicy(account_failures=3, address_failures=None))
    for _ in range(3):
        await world.checks.check_password(attempt, "correct horse")
        assert await code_of(world.checks.check_code(attempt, world.code(SECRET, seconds=3600))) == "wrong_code"
    assert await code_of(world.checks.check_code(attempt, world.code(SECRET))) == "locked"
    assert await code_of(world.checks.check_password(attempt, "correct horse")) == "locked"


async def test_a_backup_code_is_used_once(world: World) -> None:
    user, plain = await world.on_ann(factors.make_codes, "backup")
    assert [len(code) for code in plain] == [16] * 10
    assert user.codes == [Code(kind="backup", hash=hash_of(code)) for code in plain]
    results = await asyncio.gather(
        *(world.checks.check_code(world.attempt(), plain[3]) for _ in range(8)), return_exceptions=True
    )
    assert Counter(type(result) for result in results) == {Proved: 1, CredentialRefused: 7}
    assert [code.used_at for code in (await world.user()).codes] == [None, None, None, NOW, *[None] * 6]
    proved = await world.checks.check_code(world.attempt("198.51.100.1"), f" {plain[4]} ")
    assert (proved.by, proved.factor_id) == ("backup", None)
    assert "factor.recovery_used" in await world.events()


async def test_codes_hashed_elsewhere_are_used_once_too(world: World) -> None:
    brought = [bcrypt.hashpw(code, bcrypt.gensalt(4)).decode() for code in (b"one", b"two")]
    await world.on_ann(factors.set_codes, "backup", [*brought, "three"])
    for code in ("two", "three"):
        assert (await world.checks.check_code(world.attempt(), code)).by == "backup"
    assert await code_of(world.checks.check_code(world.attempt(), "two")) == "wrong_code"
    assert [code.used_at for code in (await world.user()).codes] == [None, NOW, NOW]


async def test_what_only_resembles_a_hash_is_a_code(world: World) -> None:
    odd = ["$2b$31$" + "a" * 53, "$2b$04$" + "é" * 53, "$2"]
    await world.on_ann(factors.set_codes, "backup", odd)
    for code in odd:
        assert (await world.checks.check_code(world.attempt(), code)).by == "backup"


async def test_each_kind_of_code_is_replaced_alone_and_both_are_taken(world: World) -> None:
    _, backup = await world.on_ann(factors.make_codes, "backup", 2)
    _, first = await world.on_ann(factors.make_codes, "recovery", 1)
    _, recovery = await world.on_ann(factors.make_codes, "recovery", 1)
    await world.checks.check_code(world.attempt(), recovery[0])
    await world.checks.check_code(world.attempt(), backup[0])
    assert await code_of(world.checks.check_code(world.attempt(), first[0])) == "wrong_code"
    user = await world.on_ann(factors.remove_factors, (), codes=("recovery",))
    assert [code.kind for code in user.codes] == ["backup", "backup"]
    assert not factors.must_prove_second_factor(user)


async def test_only_the_accepted_kinds_are_looked_at(world: World) -> None:
    await with_app(world)
    _, plain = await world.on_ann(factors.make_codes, "backup")
    assert await code_of(world.checks.check_code(world.attempt(), plain[0], {"totp"})) == "wrong_code"
    assert await code_of(world.checks.check_code(world.attempt(), world.code(SECRET), {"backup"})) == "wrong_code"


async def test_removing_the_last_factor_says_when(world: World) -> None:
    await with_app(world)
    await world.on_ann(factors.make_codes, "backup")
    await world.checks.check_code(world.attempt(), world.code(SECRET))
    world.clock.turn(days=1)
    assert (await world.on_ann(factors.remove_factors, {"phone"})).mfa.disabled_at is None
    user = await world.on_ann(factors.remove_factors, None, codes=("backup", "recovery"))
    stamps = Mfa(enabled_at=NOW, disabled_at=world.clock.now(), changed_at=world.clock.now())
    assert (user.factors, user.codes, user.mfa) == ([], [], stamps)
    assert (await world.activity()).factors == {}


async def test_factors_of_other_kinds_are_set_as_a_whole(world: World) -> None:
    totp = await with_app(world)
    phone = Factor(id="p", dev="d", kind="phone", confirmed=True, target="+41790000000", created_at=NOW)
    await world.on_ann(factors.set_factors, [totp, phone])
    world.clock.turn(days=1)
    user = await world.on_ann(factors.set_factors, [replace(phone, name="work")])
    assert user.factors == [replace(phone, name="work")]
    assert user.mfa == Mfa(enabled_at=NOW, changed_at=world.clock.now())
    assert factors.the_factor(user, "p").name == "work"
    with pytest.raises(NotFound, match="factor"):
        factors.the_factor(user, totp.id)
    assert await world.events() == ["factor.changed", "factor.enrolled", "factor.enrolled", "factor.removed"]


async def test_a_secret_opens_for_its_own_user_alone(world: World) -> None:
    factor = await with_app(world)
    bob = await world.add("bob@example.org", factors=[factor])
    with pytest.raises(Exception, match="not sealed for"):
        await world.checks.check_code(world.attempt(who=bob), world.code(SECRET))


async def test_a_suspended_user_is_told_only_with_the_right_code(world: World) -> None:
    await with_app(world)
    await world.on_ann(actions.suspend, door="muster")
    wrong = world.code(SECRET, seconds=3600)
    assert await code_of(world.checks.check_code(world.attempt(), wrong)) == "wrong_code"
    assert await code_of(world.checks.check_code(world.attempt(), world.code(SECRET))) == "suspended"


@pytest.mark.parametrize("secret", ["", "ABC", "1" * 16, "é" * 16, "A" * 10_000, "JBSWY3DPEHPK3PX\0"])
async def test_what_is_no_secret_is_refused(world: World, secret: str) -> None:
    with pytest.raises(Invalid, match="totp_secret"):
        await world.on_ann(factors.add_totp, secret, world.secrets)


@pytest.mark.parametrize("secret", [SECRET.lower(), "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", f"{SECRET}===="])
async def test_a_secret_may_be_written_as_people_write_it(world: World, secret: str) -> None:
    await world.on_ann(factors.add_totp, secret, world.secrets)
    await world.checks.check_code(world.attempt(), world.code(SECRET))


async def test_unknown_users_and_too_many_codes_are_refused(world: World) -> None:
    with pytest.raises(NotFound):
        await world.checks.check_code(world.attempt(who=new_user_id(NOW)), "123456")
    with pytest.raises(Invalid, match="too_many_codes"):
        await world.on_ann(factors.set_codes, "backup", [str(n) for n in range(51)])
    with pytest.raises(Invalid, match="code_blank"):
        await world.on_ann(factors.set_codes, "backup", ["one", " "])


async def test_standing_for_the_user_is_not_yet_a_permission(world: World) -> None:
    bare = replace(SYSTEM, permissions=frozenset({"self:read"}), user_id=world.ann)
    for act, args in ((factors.make_codes, ("backup",)), (factors.remove_factors, ())):
        with pytest.raises(NotAllowed):
            await world.on_ann(act, *args, actor=bare)
    own = replace(bare, permissions=frozenset({"self:factors"}))
    await world.on_ann(factors.make_codes, "backup", actor=own)
