"""New passwords: what the tenant demands of one, in this vendor's codes, and how a plain one or a hash becomes a stored one."""

import re
from typing import Final

from muster.core.credentials.checks import NEW_SCHEME
from muster.core.errors import Invalid
from muster.core.passwords.policy import MOST_BYTES, Policy, Problem, problems, was_used
from muster.core.settings.model import SignInSettings
from muster.core.settings.rules import password_policy
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.dialects.monocloud.problems import IdentityProblem, KeyProblem
from muster.dialects.monocloud.services import Services

_BCRYPT: Final = re.compile(r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}")

_SAID: Final[dict[Problem, tuple[str, str]]] = {
    "no_special": (
        "PasswordRequiresNonAlphanumeric",
        "Passwords must have at least one non alphanumeric character.",
    ),
    "no_digit": ("PasswordRequiresDigit", "Passwords must have at least one digit ('0'-'9')."),
    "no_lower": ("PasswordRequiresLower", "Passwords must have at least one lowercase ('a'-'z')."),
    "no_upper": ("PasswordRequiresUpper", "Passwords must have at least one uppercase ('A'-'Z')."),
    "too_long": ("PasswordTooLong", f"Passwords must be at most {MOST_BYTES} bytes."),
    "not_text": ("InvalidPassword", "The password is not valid text."),
}
_USED: Final = ("PasswordRecentlyUsed", "The password was used before.")


def check_policy(settings: SignInSettings, password: str, *, skip: bool) -> None:
    """Refuse a password that breaks the rules, with all that it breaks; what can never be stored is refused even so."""
    policy = Policy(least=1, known=True) if skip else password_policy(settings, known=True)
    found = problems(policy, password)
    if found:
        raise IdentityProblem(*(_said(problem, policy) for problem in found))


async def check_reuse(services: Services, settings: SignInSettings, password: str, user: User) -> None:
    """Refuse a password that the user had before, as far back as the tenant says."""
    if user.password is None:
        return
    former = [user.password.hash, *user.password.history]
    if await was_used(password_policy(settings, known=True), services.passwords, password, former):
        raise IdentityProblem(_USED)


def check_one(plain: str | None, hash_: str | None, member: str) -> None:
    """A plain password and a hash in one request say two things."""
    if plain is not None and hash_ is not None:
        raise KeyProblem({f"{member}_hash": [f"Either {member} or {member}_hash can be given, not both."]})


async def hashed(services: Services, plain: str | None, hash_: str | None, member: str) -> HashedPassword | None:
    """What is to be stored: a hash is kept as it came, a plain password hashed. None when there is neither."""
    if hash_ is not None:
        if _BCRYPT.fullmatch(hash_) is None:
            raise KeyProblem({f"{member}_hash": ["The value is not a bcrypt hash."]})
        try:
            return HashedPassword(hash_, services.scheme_of_hash(hash_))
        except Invalid:
            raise KeyProblem({f"{member}_hash": ["The hash cannot be checked here."]}) from None
    return None if plain is None else HashedPassword(await services.passwords.hash(plain), NEW_SCHEME)


def _said(problem: Problem, policy: Policy) -> tuple[str, str]:
    if problem == "too_short":
        return "PasswordTooShort", f"Passwords must be at least {policy.least} characters."
    if problem == "distinct":
        return (
            "PasswordRequiresUniqueChars",
            f"Passwords must use at least {policy.distinct} different characters.",
        )
    return _SAID[problem]
