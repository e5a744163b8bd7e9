"""The ways in that are offered: pure functions of an attempt and what is known. Where the pages look, actions look too."""

from muster.core.connections.model import Connection
from muster.core.external.config import is_offered
from muster.core.passkeys.model import relying_party
from muster.core.sign_in import methods
from muster.core.sign_in.facts import Facts, the_user
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_in.names import key_of, kinds, masked
from muster.core.sign_in.view import Elsewhere, Offer
from muster.core.users.model import Factor
from muster.core.users.shown import primary

_BY_MAIL = frozenset({methods.EMAIL_CODE, methods.EMAIL_LINK, methods.TICKET})


def first_factors(attempt: SignInAttempt, facts: Facts) -> list[str]:
    """By the tenant's rules and by what was typed, never by whom it names. Operators have passwords and passkeys alone."""
    if is_elsewhere_only(attempt):
        return []
    rules, allowed = facts.settings.rules, kinds(facts.settings)
    typed = key_of(attempt.identifier, attempt.realm, facts.settings).kind if attempt.identifier else None
    by_mail = "email" in allowed and typed in (None, "email") and not facts.realm.internal
    by_text = "phone" in allowed and typed in (None, "phone") and not facts.realm.internal
    offered = {
        methods.PASSWORD: rules.password,
        methods.EMAIL_CODE: rules.email_code and by_mail,
        methods.EMAIL_LINK: rules.email_link and by_mail,
        methods.SMS_CODE: rules.sms_code and by_text,
        methods.PASSKEY: rules.passkey and relying_party(attempt.origin, "") is not None,
    }
    return [factor for factor, is_offered in offered.items() if is_offered]


def is_elsewhere_only(attempt: SignInAttempt) -> bool:
    """Whether the application wants one external identity provider and nothing else."""
    return attempt.asked.connection_id not in (None, attempt.realm)


def may_be_used(connection: Connection, attempt: SignInAttempt) -> bool:
    """Whether somebody may come in from there, for this application or, without one, for the own account."""
    if connection.kind not in ("social", "enterprise") or not is_offered(connection, attempt.app_id):
        return False
    return attempt.asked.connection_id in (None, connection.id)


def elsewhere(connections: list[Connection], attempt: SignInAttempt, facts: Facts) -> list[Elsewhere]:
    """The external identity providers that are offered."""
    if facts.realm.internal:
        return []
    usable = (each for each in connections if may_be_used(each, attempt))
    return [Elsewhere(each.id, each.display_name or each.name, each.kind) for each in usable]


def second_factors(attempt: SignInAttempt, facts: Facts) -> list[Offer]:
    """The confirmed ones, the preferred first, and codes for a rainy day last.

    Whoever came in by a mail or a text message proves nothing by another one to the same place.
    """
    user = the_user(facts)
    first = attempt.methods[0].name if attempt.methods else ""
    offers = [
        Offer(factor.kind, factor.id, _target(factor, facts))
        for factor in sorted(user.factors, key=lambda each: not each.default)
        if factor.confirmed and _can_be_asked(factor, facts)
    ]
    if first in _BY_MAIL:
        offers = [offer for offer in offers if offer.kind != methods.EMAIL]
    if first == methods.SMS_CODE:
        offers = [offer for offer in offers if offer.kind != methods.PHONE]
    if any(code.used_at is None for code in user.codes):
        offers.append(Offer(methods.BACKUP, "", ""))
    return offers


def target_of(factor: Factor, facts: Facts) -> str | None:
    """Where a code of the factor goes: to what it names, else to the proved address that the user shows."""
    if factor.target is not None:
        return factor.target
    user = the_user(facts)
    shown = primary(user.emails if factor.kind == "email" else user.phones)
    return shown.value if shown is not None and shown.verified else None


def _can_be_asked(factor: Factor, facts: Facts) -> bool:
    if factor.kind == "totp":
        return factor.secret is not None
    return factor.kind in ("phone", "email") and factor.channel != "voice" and target_of(factor, facts) is not None


def _target(factor: Factor, facts: Facts) -> str:
    target = target_of(factor, facts) if factor.kind in ("phone", "email") else None
    return "" if target is None else masked(factor.kind, target)
