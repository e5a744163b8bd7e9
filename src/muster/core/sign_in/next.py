"""What an attempt waits for: the one place that decides it. Pure functions of the attempt, of what is known, and of the time.

Each step is due or not, and the first that is due is the next. `identify` and `first_factor` come before anything is known of a
user; whatever follows may rest on a session that was there before (single sign-on), which answers for what was proved in it.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from muster.core.credentials import passwords
from muster.core.credentials.second_factors import has_second_factor
from muster.core.sessions.model import Method
from muster.core.sign_in.facts import Facts, the_user
from muster.core.sign_in.methods import PASSKEY, PASSWORD, TICKET
from muster.core.sign_in.model import SignInAttempt, Step
from muster.core.users.model import Address, User

IsDue = Callable[[SignInAttempt, Facts, int], bool]


def next_step(attempt: SignInAttempt, facts: Facts, now: int) -> Step:
    """The first step that is due; `done` when none is."""
    for step, is_due in _IN_ORDER:
        if is_due(attempt, facts, now):
            return step
    return "done"


def _is_nobody_named(attempt: SignInAttempt, facts: Facts, now: int) -> bool:
    return not attempt.identifier and _is_nobody_proved(attempt, facts, now)


def _is_nobody_proved(attempt: SignInAttempt, facts: Facts, _: int) -> bool:
    """Nobody proved to be anybody, or the session that everything rests on is over."""
    return attempt.user_id is None or (attempt.rests_on_session and facts.session is None)


def _must_enrol(attempt: SignInAttempt, facts: Facts, _: int) -> bool:
    """A second factor is demanded of somebody who has none."""
    return _wants_second_factor(attempt, facts) and not has_second_factor(the_user(facts))


def _must_prove_second_factor(attempt: SignInAttempt, facts: Facts, _: int) -> bool:
    return _wants_second_factor(attempt, facts) and has_second_factor(the_user(facts))


def _wants_second_factor(attempt: SignInAttempt, facts: Facts) -> bool:
    """The application's demand comes first, then the administrator's for this user, then the tenant's rule.

    A passkey with the finger, face or PIN of its owner is two factors in one and satisfies all but the administrator. A
    remembered browser satisfies all but an application, and never vouches for a ticket: that would make a mail the only proof.
    """
    user, session = the_user(facts), facts.session if attempt.rests_on_session else None
    if any(method.second for method in attempt.methods):
        return False
    if attempt.asked.second_factor and not _are_two(attempt.methods if session is None else session.methods):
        return True
    if session is not None:
        return user.mfa.required and session.elevated_at is None and not facts.remembered
    first = attempt.methods[0].name
    if facts.remembered and first != TICKET:
        return False
    if user.mfa.required:
        return True
    rule = facts.settings.rules.second_factor
    return first != PASSKEY and (rule == "required" or (rule == "optional" and has_second_factor(user)))


def _are_two(proofs: Sequence[Method]) -> bool:
    return any(method.second or method.name == PASSKEY for method in proofs)


def _must_change_password(attempt: SignInAttempt, facts: Facts, now: int) -> bool:
    due = change_due(attempt, facts, now)
    return due == "now" or (due == "later" and "change_password" not in attempt.postponed)


def change_due(attempt: SignInAttempt, facts: Facts, now: int) -> Literal["now", "later"] | None:
    """Whether the password must be changed at this sign-in, or may be later. Whoever has none, or was here before, is not asked.

    One that has grown too old must be changed by whoever comes in with it.
    """
    user = the_user(facts)
    if attempt.rests_on_session or user.password is None:
        return None
    oldest = facts.settings.password.expires_after
    came_with_it = attempt.methods[0].name == PASSWORD and user.realm == attempt.realm
    if oldest is not None and came_with_it and user.password.set_at + oldest <= now:
        return "now"
    return passwords.change_due(user, now)


def _must_verify_address(attempt: SignInAttempt, facts: Facts, _: int) -> bool:
    return not attempt.rests_on_session and bool(unproved(the_user(facts), facts))


def unproved(user: User, facts: Facts) -> list[tuple[Literal["email", "phone"], Address]]:
    """The addresses of which one must be proved before an account that somebody made for themself is good."""
    if user.origin.via != "signup" or any(address.verified for address in (*user.emails, *user.phones)):
        return []
    rules = facts.settings.sign_up
    emails = user.emails if rules.verify_email else []
    phones = user.phones if rules.verify_phone else []
    return [*(("email", each) for each in emails), *(("phone", each) for each in phones)]


def _must_consent(attempt: SignInAttempt, facts: Facts, _: int) -> bool:
    return attempt.consented is None and bool(missing_scopes(attempt, facts))


def missing_scopes(attempt: SignInAttempt, facts: Facts) -> list[str]:
    """The scopes that the user is asked for; all of them again if the application wants that."""
    asked = attempt.asked
    return [scope for scope in asked.scopes if asked.consent or scope not in facts.agreed]


_IN_ORDER: Final[tuple[tuple[Step, IsDue], ...]] = (
    ("identify", _is_nobody_named),
    ("first_factor", _is_nobody_proved),
    ("second_factor", _must_prove_second_factor),
    # Before anything can be added to it: an account is nobody's until an address of it was proved.
    ("verify_address", _must_verify_address),
    ("enrol_factor", _must_enrol),
    ("change_password", _must_change_password),
    ("consent", _must_consent),
)
