"""What the forms of the account say when something is refused; beside `errors.FAULTS`, whose texts it shares."""

from typing import Final

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Taken
from muster.signin.errors import Fault, fault_of

_FAULTS: Final[dict[tuple[type[Refusal], str], Fault]] = {
    (CredentialRefused, "wrong_password"): Fault(400, "account_wrong_password", "current"),
    (CredentialRefused, "wrong_passkey"): Fault(400, "passkey"),
    (CredentialRefused, "ticket_over"): Fault(400, "passkey"),
    (Conflict, "verify_first"): Fault(409, "account_verify_first"),
    (Conflict, "identity_taken"): Fault(409, "account_identity_taken"),
    (Conflict, "already_own"): Fault(422, "account_already_own", "identifier"),
    (Conflict, "held"): Fault(409, "account_held"),
    (Conflict, "not_verified"): Fault(409, "account_not_verified"),
    (Conflict, "last_way_in"): Fault(409, "account_last_way_in"),
    (Conflict, "last_verified"): Fault(409, "account_last_verified"),
    (Conflict, "factor_demanded"): Fault(409, "account_factor_demanded"),
    (Conflict, "no_second_factor"): Fault(409, "account_no_second_factor"),
    (Conflict, "too_many_passkeys"): Fault(409, "account_too_many_passkeys"),
    (Conflict, "nothing_to_confirm"): Fault(409, "account_nothing_to_confirm"),
    (Invalid, "not_allowed_here"): Fault(422, "barred", "identifier"),
    (Invalid, "last_identifier"): Fault(422, "account_last_identifier", "username"),
    (Invalid, "account_word"): Fault(422, "account_word", "word"),
    (NotAllowed, "delete_self"): Fault(403, "account_delete_self"),
    (NotAllowed, "impersonated"): Fault(403, "account_impersonated"),
}


def account_fault(refusal: Refusal) -> Fault:
    """How a form of the account shows the refusal; one that no form shows is raised again and becomes a page."""
    row = _FAULTS.get((type(refusal), refusal.code))
    if row is not None:
        return row
    if isinstance(refusal, NotFound):
        return Fault(404, "account_gone")
    if isinstance(refusal, Taken) and refusal.kind == "username":
        return Fault(422, "taken", "username")
    if isinstance(refusal, Invalid) and refusal.code == "field_malformed":
        return Fault(422, "account_field", str(refusal.detail.get("field", "")))
    return fault_of(refusal)
