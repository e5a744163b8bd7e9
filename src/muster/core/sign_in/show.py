"""What the pages see of an attempt (`View`), made from what is known of it."""

from typing import Any
from urllib.parse import urlsplit

from muster.core.apps.model import Application
from muster.core.connections.model import Connection
from muster.core.credentials import passwords
from muster.core.credentials.second_factors import open_totp, totp_factors
from muster.core.credentials.sent_codes import again_at
from muster.core.security import OneTimeCodes, SecretBox
from muster.core.sign_in.facts import Facts, the_user
from muster.core.sign_in.model import SignInAttempt, Step
from muster.core.sign_in.names import kinds, masked
from muster.core.sign_in.next import change_due, missing_scopes, unproved
from muster.core.sign_in.view import Enrolment, Unproved, View
from muster.core.sign_in.ways import elsewhere, first_factors, is_elsewhere_only, second_factors
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.core.users.shown import full_name, primary


async def view_of(
    tx: Transaction, attempt: SignInAttempt, facts: Facts, step: Step, secrets: SecretBox, codes: OneTimeCodes
) -> View:
    """One page's worth."""
    app = await tx.get(Application, attempt.app_id) if attempt.app_id else None
    settings, sent = facts.settings, attempt.sent
    if step in ("identify", "first_factor"):
        more = _of_a_stranger(attempt, facts, await tx.records(Connection))
    else:
        more = _of_the_user(tx.now, attempt, facts, step)
        if step == "enrol_factor":
            more["enrolment"] = _enrolment(attempt, facts, secrets, codes)
    return View(
        step=step,
        attempt=attempt,
        branding=settings.branding,
        app_name=app.name if app is not None else "",
        app_logo=app.logo_uri if app is not None else "",
        first_party=app is None or app.first_party,
        sent=None if sent is None else masked("email" if sent.channel == "email" else "phone", sent.to),
        resend_at=None if sent is None else again_at(sent),
        hint=attempt.identifier or attempt.asked.hint,
        password_rules=settings.password,
        **more,
    )


def _of_a_stranger(attempt: SignInAttempt, facts: Facts, connections: list[Connection]) -> dict[str, Any]:
    settings = facts.settings
    return {
        "identifiers": [*kinds(settings)],
        "first_factors": first_factors(attempt, facts),
        "connections": elsewhere(connections, attempt, facts),
        "may_sign_up": settings.sign_up.enabled and not facts.realm.internal and not is_elsewhere_only(attempt),
    }


def _of_the_user(now: int, attempt: SignInAttempt, facts: Facts, step: Step) -> dict[str, Any]:
    user, due = the_user(facts), change_due(attempt, facts, now)
    return {
        "user_name": full_name(user.profile) or user.profile.name or (user.username.value if user.username else ""),
        "user_masked": _address_shown(user),
        "second_factors": second_factors(attempt, facts) if step == "second_factor" else [],
        "unproved": [Unproved(each.id, kind, masked(kind, each.value)) for kind, each in unproved(user, facts)],
        "may_postpone": step == "change_password" and due == "later",
        "may_remember": step in ("second_factor", "enrol_factor") and facts.settings.rules.remember_browser > 0,
        "why_change": "" if due is None else _why(user, due, now),
        "scopes": missing_scopes(attempt, facts) if step == "consent" else [],
        "denied": attempt.denied,
    }


def _why(user: User, due: str, now: int) -> str:
    """Why the password must be changed: because somebody said so, or because it has grown too old."""
    said = user.must_change if passwords.change_due(user, now) == due else None
    return "expired" if said is None else said.why


def _address_shown(user: User) -> str:
    for kind, addresses in (("email", user.emails), ("phone", user.phones)):
        shown = primary(addresses)
        if shown is not None:
            return masked(kind, shown.value)
    return ""


def _enrolment(attempt: SignInAttempt, facts: Facts, secrets: SecretBox, codes: OneTimeCodes) -> Enrolment | None:
    """The authenticator app that was begun, if it was."""
    user = the_user(facts)
    pending = totp_factors(user, confirmed=False)
    if not pending:
        return None
    secret = open_totp(user, pending[0], secrets)
    email = primary(user.emails)
    account = email.value if email is not None else user.username.value if user.username else user.id
    issuer = facts.settings.branding.name or urlsplit(attempt.origin).hostname or "Muster"
    return Enrolment(secret, codes.uri(secret, account=account, issuer=issuer))
