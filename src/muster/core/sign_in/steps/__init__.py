"""What a person can do in an attempt: one function for each action, and the table of when it may be taken."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from muster.core.sign_in.model import Step
from muster.core.sign_in.steps.codes import code, link, send_code, send_second, send_verification, verify
from muster.core.sign_in.steps.consent import consent, postpone
from muster.core.sign_in.steps.naming import identify, restart
from muster.core.sign_in.steps.passkey import passkey
from muster.core.sign_in.steps.password import change_password, password
from muster.core.sign_in.steps.second import begin_totp, confirm_totp, second_factor
from muster.core.sign_in.steps.ticket import ticket
from muster.core.sign_in.turn import Turn


class Action(NamedTuple):
    """What is done, and at which steps it may be."""

    take: Callable[[Turn], Awaitable[None]]
    at: frozenset[Step]


_UNKNOWN: Final = frozenset[Step]({"identify", "first_factor"})
_NAMED: Final = frozenset[Step]({"first_factor"})
_KNOWN: Final = frozenset[Step]({"second_factor", "enrol_factor", "change_password", "verify_address", "consent"})

ACTIONS: Final[Mapping[str, Action]] = {
    "identify": Action(identify, _UNKNOWN),
    "password": Action(password, _NAMED),
    "send_code": Action(send_code, _NAMED),
    "code": Action(code, _NAMED),
    "link": Action(link, _NAMED),
    "passkey": Action(passkey, _UNKNOWN),
    "ticket": Action(ticket, _UNKNOWN),
    "second_factor": Action(second_factor, frozenset({"second_factor"})),
    "send_second": Action(send_second, frozenset({"second_factor"})),
    "begin_totp": Action(begin_totp, frozenset({"enrol_factor"})),
    "confirm_totp": Action(confirm_totp, frozenset({"enrol_factor"})),
    "change_password": Action(change_password, frozenset({"change_password"})),
    "send_verification": Action(send_verification, frozenset({"verify_address"})),
    "verify": Action(verify, frozenset({"verify_address"})),
    "consent": Action(consent, frozenset({"consent"})),
    "postpone": Action(postpone, frozenset({"change_password"})),
    "restart": Action(restart, _UNKNOWN | _KNOWN),
}
