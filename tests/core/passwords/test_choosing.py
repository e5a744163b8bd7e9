"""A new password at the pages: what the tenant and the realm ask of it together."""

from __future__ import annotations

from typing import Any

import bcrypt
from msgspec.structs import replace

from muster.core.errors import Invalid
from muster.core.passwords.choosing import NewPasswords
from muster.core.passwords.policy import Policy
from muster.core.settings.model import PasswordRules, SignInSettings
from muster.core.users.model import Profile
from tests.core.people import GOOD, KNOWN, opened_people
from tests.core.sign_in import NOW, QUICK_HASH, REALM, RIGHT, World
from tests.databases import Databases

OTHER_HASH = bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode()


async def wrong(world: World, password: str, policy: Policy | None = None, **about: Any) -> list[str]:
    choosing = NewPasswords(world.store, world.passwords, {KNOWN}.__contains__, lambda _: policy or Policy(least=1))
    try:
        hashed = await choosing.hashed(world.tenant_id, REALM, password, **about)
    except Invalid as invalid:
        return [invalid.code, *map(str, invalid.detail["problems"])]  # type: ignore[call-overload]
    assert hashed.scheme == "argon2"
    assert await world.passwords.verify(hashed.hash, password)
    return []


CASES: list[tuple[str, Policy | None, list[str]]] = [
    (GOOD, None, []),
    ("shortish", None, ["too_short"]),
    (KNOWN, None, ["known"]),
    (KNOWN, Policy(known=True), ["known"]),  # the tenant refuses it, whatever the realm does
    (GOOD, Policy(kinds=("upper", "digit")), ["no_upper", "no_digit"]),
    ("short", Policy(kinds=("upper",)), ["too_short", "no_upper"]),
    (GOOD * 5, Policy(most_bytes=72), []),  # a limit of an API, which this is none
    ("x" * 4097, None, ["too_long"]),
    (f"{GOOD} Annabel", Policy(personal=False), ["personal"]),
    (f"{GOOD} Annabel", None, []),
]


async def test_both_the_tenants_and_the_realms_rules_are_met(sqlite_databases: Databases) -> None:
    settings = SignInSettings(created_at=NOW, password=PasswordRules(least=10))
    async with opened_people(sqlite_databases.migrated(), settings) as world:
        user = replace(await world.user(), profile=Profile(given_name="Annabel"))
        for password, policy, found in CASES:
            refused = ["password_policy", *found] if found else []
            assert await wrong(world, password, policy, user=user) == refused
            assert await wrong(world, password, policy, about=["Annabel"]) == refused


async def test_former_passwords_come_again_only_where_they_may(sqlite_databases: Databases) -> None:
    async with opened_people(sqlite_databases.migrated()) as world:
        user = await world.user()
        assert user.password is not None
        user = replace(user, password=replace(user.password, hash=OTHER_HASH, history=[QUICK_HASH]))
        assert await wrong(world, RIGHT, user=user) == []
        assert await wrong(world, RIGHT, Policy(history=2), user=user) == ["password_policy", "used"]
        assert await wrong(world, RIGHT, user=await world.user()) == []
        assert await wrong(world, RIGHT, user=await world.user(), must_differ=True) == ["password_policy", "used"]
