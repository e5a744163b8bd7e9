"""What this API asks of a new password, and how it says what is wrong with one."""

from collections.abc import Callable, Iterable
from typing import Final

from muster.core.passwords.policy import Policy
from muster.core.passwords.policy import problems as faults
from muster.dialects.clerk.problems import Problem, Refused, about, invalid

LEAST: Final = 8
MOST_BYTES: Final = 72
"""What bcrypt takes, which this API hashes with elsewhere."""

POLICY: Final = Policy(least=LEAST, most_bytes=MOST_BYTES)
UNCHECKED: Final = Policy(least=1, known=True)
"""What even `skip_password_checks` leaves: a password is some text that can be hashed."""

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "too_short": ("form_password_length_too_short", f"Passwords must be {LEAST} characters or more."),
    "too_long": ("form_password_size_in_bytes_exceeded", "Your password is too long. Please use a shorter one."),
    "known": (
        "form_password_pwned",
        "Password has been found in an online data breach. For account safety, please use a different password.",
    ),
}
_IS_IDENTIFIER: Final = (
    "Password cannot match your email address, phone number or username. For account safety, please use a different "
    "password."
)


def check_password(password: str, identifiers: Iterable[str], is_known: Callable[[str], bool], *, skip: bool) -> None:
    """Refuse a password that the policy does, all faults at once. `identifiers` are what the user signs in with."""
    found = [_problem(fault) for fault in faults(UNCHECKED if skip else POLICY, password, is_known=is_known)]
    if not skip and password.casefold() in {identifier.casefold() for identifier in identifiers}:
        found.append(about("form_password_matches_identifier", "password", _IS_IDENTIFIER))
    if found:
        raise Refused(422, found)


def _problem(fault: str) -> Problem:
    if fault not in _TEXTS:
        return invalid("password")
    code, text = _TEXTS[fault]
    return about(code, "password", text)
