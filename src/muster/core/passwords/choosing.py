"""A password that somebody chooses at the pages: what the tenant and the realm ask of it, and its hash."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.passwords.policy import DEFAULT, MOST_BYTES, Policy, nothing_known, problems, was_used
from muster.core.security import PasswordHasher
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.rules import password_policy
from muster.core.store import Store
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User

SCHEME: Final = "argon2"
"""What `PasswordHasher.hash` makes."""


def nothing_asked(_: Connection) -> Policy:
    """A realm without rules of its own."""
    return DEFAULT


class NewPasswords:
    """Checks and hashes new passwords. Slow, so never inside an act.

    Both the tenant's settings and the realm's own rules (`policy_of`) must be met, since somebody set each of them.
    """

    def __init__(
        self,
        store: Store,
        passwords: PasswordHasher,
        is_known: Callable[[str], bool] = nothing_known,
        policy_of: Callable[[Connection], Policy] = nothing_asked,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._is_known = is_known
        self._policy_of = policy_of

    async def hashed(
        self,
        tenant_id: int,
        realm_id: str,
        password: str,
        *,
        user: User | None = None,
        about: Sequence[str] = (),
        must_differ: bool = False,
    ) -> HashedPassword:
        """The hash of a good new password; `Invalid("password_policy", problems)` with all that is wrong, or just "used".

        `user` is whose password it replaces, which with `must_differ` it may not be, whatever the history is; `about` is what
        is known of somebody who is no user yet.
        """
        settings = await sign_in_settings(self._store, tenant_id)
        realm = await self._store.get(tenant_id, Connection, realm_id)
        policies = [password_policy(settings, known=False)]
        if realm is not None:
            # How long a password may be at most is a limit of the interface that a program calls, and none of a person's.
            policies.append(replace(self._policy_of(realm), most_bytes=MOST_BYTES))
        known_about = [*about, *(_about(user) if user is not None else ())]
        found = dict.fromkeys(
            problem
            for policy in policies
            for problem in problems(policy, password, about=known_about, is_known=self._is_known)
        )
        if found:
            raise Invalid("password_policy", problems=list(found))
        if user is not None and user.password is not None:
            former = [user.password.hash, *user.password.history]
            history = max(must_differ, *(policy.history for policy in policies))
            if await was_used(Policy(history=history), self._passwords, password, former):
                raise Invalid("password_policy", problems=["used"])
        return HashedPassword(await self._passwords.hash(password), SCHEME)


def _about(user: User) -> list[str]:
    """What is known of a person that a realm may forbid in their password."""
    profile = user.profile
    names = [profile.name, profile.given_name, profile.family_name, profile.nickname]
    addresses = [address.value.partition("@")[0] for address in user.emails]
    username = [user.username.value] if user.username is not None else []
    return [text for text in (*names, *addresses, *username) if text]
