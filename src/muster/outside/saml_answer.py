"""Whether an assertion is for us, now, and about the request that we made (SAML 2.0 Profiles section 4.1.4.3, Core section 2)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from muster.core.external.model import ExternalRefused, failed
from muster.outside.saml_xml import Checked

SKEW: Final = 60_000
"""Milliseconds that clocks may differ by."""

OLDEST: Final = 3_600_000
"""Milliseconds after its issue that an assertion is still taken, however long it says it is good."""

MOST_ATTRIBUTES: Final = 200

BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL_FORMAT: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
DENIED: Final = ("AuthnFailed", "RequestDenied", "NoPassive")

MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("emailaddress", "email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"),
    "given_name": ("givenname", "given_name", "firstname", "urn:oid:2.5.4.42"),
    "family_name": ("surname", "sn", "family_name", "lastname", "urn:oid:2.5.4.4"),
    "name": ("displayname", "name", "cn", "urn:oid:2.16.840.1.113730.3.1.241", "urn:oid:2.5.4.3"),
    "preferred_username": ("upn", "uid", "username", "urn:oid:0.9.2342.19200300.100.1.1"),
}
"""Standard members by the names that providers give them, the last part of an address and without case."""


class Said(NamedTuple):
    """What the assertion says. `attributes` are by the provider's names, and by the standard ones where they are known."""

    name_id: str
    is_transient: bool
    attributes: dict[str, Any]
    assertion_id: str
    over_at: int


def read_answer(checked: Checked, *, issuer: str, audience: str, acs: str, request_id: str, now: int) -> Said:
    """What is said, once it is known to be meant for us. `request_id` is empty for an answer that nobody asked for."""
    from saml2 import create_class_from_element_tree
    from saml2.saml import Assertion
    from saml2.samlp import Response

    response = create_class_from_element_tree(Response, checked.response)
    assertion = create_class_from_element_tree(Assertion, checked.assertion)
    _check_response(response, issuer, acs, request_id, is_signed=checked.signed[0].id == response.id)
    if assertion.issuer is None or _text(assertion.issuer) != issuer or assertion.version != "2.0":
        raise failed("issuer")
    issued = _time(assertion.issue_instant)
    if issued is None or not assertion.id:
        raise failed("malformed")
    if not issued - SKEW <= now < issued + OLDEST + SKEW:
        raise failed("expired")
    _check_conditions(assertion.conditions, audience, now)
    _check_confirmation(assertion.subject, acs, request_id, now)
    _check_sign_in(assertion.authn_statement, now)
    name_id = assertion.subject.name_id
    if name_id is None or not _text(name_id):
        raise failed("subject")
    attributes = _attributes(assertion.attribute_statement)
    if name_id.format == EMAIL_FORMAT:
        attributes.setdefault("email", _text(name_id))
    over_at = issued + OLDEST + 2 * SKEW
    return Said(_text(name_id), name_id.format == TRANSIENT, attributes, assertion.id, over_at)


def _check_response(response: Any, issuer: str, acs: str, request_id: str, *, is_signed: bool) -> None:
    status = response.status.status_code if response.status is not None else None
    if status is None or status.value != SUCCESS:
        inner = status.status_code.value if status is not None and status.status_code is not None else ""
        is_denied = str(inner).rpartition(":")[2] in DENIED
        raise ExternalRefused("external_denied" if is_denied else "external_failed", why="status")
    if response.version != "2.0" or (response.issuer is not None and _text(response.issuer) != issuer):
        raise failed("issuer")
    # Bindings section 3.5.5.2: a signed message says where it is meant to go.
    if response.destination != acs and (response.destination or is_signed):
        raise failed("destination")
    if (response.in_response_to or "") != request_id:
        raise failed("in_response_to")


def _check_conditions(conditions: Any, audience: str, now: int) -> None:
    if conditions is None or not conditions.audience_restriction:
        raise failed("audience")
    for restriction in conditions.audience_restriction:
        if audience not in [_text(each) for each in restriction.audience]:
            raise failed("audience")
    if conditions.condition or conditions.extension_elements:
        raise failed("condition")
    _check_window(conditions, now)


def _check_confirmation(subject: Any, acs: str, request_id: str, now: int) -> None:
    """A bearer confirmation that names our address, our request and its own end."""
    reason = "confirmation"
    for confirmation in subject.subject_confirmation if subject is not None else ():
        data = confirmation.subject_confirmation_data
        if confirmation.method != BEARER or data is None:
            continue
        over = _time(data.not_on_or_after)
        if data.recipient != acs:
            reason = "recipient"
        elif (data.in_response_to or "") != request_id:
            reason = "in_response_to"
        elif over is None:
            reason = "confirmation"
        elif now >= over + SKEW or now < (_time(data.not_before) or 0) - SKEW:
            reason = "expired"
        else:
            return
    raise failed(reason)


def _check_sign_in(statements: Any, now: int) -> None:
    """The person signed in there, and has not been signed out by time since."""
    if not statements:
        raise failed("no_sign_in")
    for statement in statements:
        over, at = _time(statement.session_not_on_or_after), _time(statement.authn_instant)
        if at is None or now < at - SKEW:
            raise failed("not_yet")
        if over is not None and now >= over + SKEW:
            raise failed("expired")


def _check_window(conditions: Any, now: int) -> None:
    begins, ends = _time(conditions.not_before), _time(conditions.not_on_or_after)
    if begins is not None and now < begins - SKEW:
        raise failed("not_yet")
    if ends is not None and now >= ends + SKEW:
        raise failed("expired")


def _attributes(statements: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for statement in statements or ():
        for attribute in statement.attribute[:MOST_ATTRIBUTES]:
            values = [text for value in attribute.attribute_value if (text := _text(value))]
            if attribute.name and values:
                found[attribute.name] = values[0] if len(values) == 1 else values
    for member, names in MEMBERS.items():
        for name, value in list(found.items()):
            short = name if name.startswith("urn:oid:") else name.rpartition("/")[2].lower()
            if short in names and isinstance(value, str):
                found.setdefault(member, value)
    return found


def _text(element: Any) -> str:
    """The whole text of an element. The parser has taken comments out of it, as the signature has (exclusive c14n)."""
    return (element.text or "").strip()


def _time(text: str | None) -> int | None:
    """Milliseconds of an xs:dateTime, in UTC where it names no zone; None for none. What is no time is refused."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise failed("malformed") from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
