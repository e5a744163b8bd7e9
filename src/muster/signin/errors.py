"""Core kind → what a person is told: beside the field that is at fault, or as a page of its own that says what to do next.

`FAULTS` are those that a form shows again, with what was typed; everything else is a page. Each row names its text
(`fault.<name>`, `refused.<name>.title` and `.next`); the values of the refusal's detail may stand in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Taken, TooMany, Unavailable
from muster.core.external.model import ExternalRefused
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden, NoRoute, Unauthorized
from muster.dialects.kit.reply import Header, Reply


class Fault(NamedTuple):
    """What a form shows: its status, the text, the field that it is about if there is one, and the text's values. `also` are
    further ones of the same form, `wait` the seconds after which it may be sent again.
    """

    status: int
    text: str
    field: str | None = None
    values: Mapping[str, Any] = {}
    also: tuple["Fault", ...] = ()
    wait: int | None = None

    @property
    def all(self) -> tuple["Fault", ...]:
        """Itself and the others."""
        return (self, *self.also)

    @property
    def first(self) -> str | None:
        """The first field that is at fault."""
        return next((each.field for each in self.all if each.field), None)

    @property
    def fields(self) -> tuple[str | None, ...]:
        """What is at fault, each field once."""
        return tuple(dict.fromkeys(each.field for each in self.all))

    def at(self, field: str) -> tuple["Fault", ...]:
        """What is wrong with that field."""
        return tuple(each for each in self.all if each.field == field)


FAULTS: Final[dict[tuple[type[Refusal], str], Fault]] = {
    (CredentialRefused, "wrong_password"): Fault(400, "wrong_password", "password"),
    (CredentialRefused, "no_password"): Fault(400, "wrong_password", "password"),
    (CredentialRefused, "wrong_code"): Fault(400, "wrong_code", "code"),
    (CredentialRefused, "code_over"): Fault(400, "code_over", "code"),
    (CredentialRefused, "user_code_wrong"): Fault(400, "user_code_wrong", "user_code"),
    (CredentialRefused, "wrong_link"): Fault(400, "link_over"),
    (CredentialRefused, "ticket_over"): Fault(400, "link_over"),
    (CredentialRefused, "wrong_passkey"): Fault(400, "passkey"),
    (CredentialRefused, "locked"): Fault(429, "locked"),
    (CredentialRefused, "address_blocked"): Fault(429, "locked"),
    (CredentialRefused, "suspended"): Fault(400, "suspended"),
    (Invalid, "identifier_missing"): Fault(422, "missing", "identifier"),
    (CredentialRefused, "sign_up_closed"): Fault(403, "external_closed"),
    (CredentialRefused, "sign_up_barred"): Fault(403, "external_closed"),
    (ExternalRefused, "external_denied"): Fault(400, "external_denied"),
    (ExternalRefused, "external_failed"): Fault(400, "external_failed"),
    (ExternalRefused, "external_unavailable"): Fault(503, "external_unavailable"),
    (Invalid, "identifier_malformed"): Fault(422, "malformed", "identifier"),
    (Invalid, "username_malformed"): Fault(422, "username_malformed", "username"),
    (Invalid, "username_reserved"): Fault(422, "username_malformed", "username"),
    (NotAllowed, "factor_not_offered"): Fault(400, "not_offered"),
    (NotAllowed, "address_not_offered"): Fault(400, "not_offered"),
    (NotAllowed, "not_postponable"): Fault(400, "conflict"),
    (TooMany, "code_sent"): Fault(429, "code_sent"),
    (TooMany, "too_many_sent"): Fault(429, "too_many_sent"),
}

FAULT_KINDS: Final[dict[type[Refusal], Fault]] = {
    CredentialRefused: Fault(400, "refused"),
    Taken: Fault(422, "taken"),
    Conflict: Fault(400, "conflict"),
    Invalid: Fault(422, "invalid"),
    TooMany: Fault(429, "too_many"),
    Unavailable: Fault(503, "busy"),
}
"""What a refusal without a row of its own is shown as. What is no kind of these is a page."""


class Shown(NamedTuple):
    """A page: its status, its texts, and where it goes on: `again` to sign in, `back` to the form before, or nowhere."""

    status: int
    text: str
    onward: str = "again"


PAGES: Final[dict[tuple[type[Refusal], str], Shown]] = {
    (CredentialRefused, "attempt_over"): Shown(400, "attempt_over"),
    (CredentialRefused, "session_over"): Shown(400, "attempt_over"),
    (CredentialRefused, "ticket_over"): Shown(400, "link_over"),
    (CredentialRefused, "wrong_link"): Shown(400, "mail_link_over"),
    (CredentialRefused, "suspended"): Shown(403, "suspended", ""),
    (ExternalRefused, "external_failed"): Shown(400, "external"),
    (ExternalRefused, "external_denied"): Shown(400, "external"),
    (ExternalRefused, "external_unavailable"): Shown(503, "busy", ""),
    (NotAllowed, "sign_up_closed"): Shown(403, "sign_up_closed"),
    (Forbidden, "csrf"): Shown(403, "foreign"),
    (Forbidden, "foreign_origin"): Shown(403, "foreign"),
    (BadRequest, "too_large"): Shown(413, "unreadable"),
    (BadRequest, "too_slow"): Shown(408, "unreadable"),
    (BadRequest, "media_type"): Shown(415, "unreadable"),
    (NoRoute, "method"): Shown(405, "not_found"),
}

OTHER_BROWSER: Final = Shown(400, "other_browser")
"""Of an attempt in a browser that brings no secret at all."""

PAGE_KINDS: Final[dict[type[Refusal], Shown]] = {
    CredentialRefused: Shown(400, "attempt_over"),
    BadRequest: Shown(400, "unreadable"),
    NoRoute: Shown(404, "not_found"),
    NotFound: Shown(404, "not_found"),
    Unauthorized: Shown(401, "attempt_over"),
    NotAllowed: Shown(403, "forbidden"),
    Forbidden: Shown(403, "forbidden"),
    Invalid: Shown(400, "unreadable"),
    Conflict: Shown(409, "busy", ""),
    TooMany: Shown(429, "busy", ""),
    Unavailable: Shown(503, "busy", ""),
    Crash: Shown(500, "crash"),
}
"""What a refusal without a row of its own is a page as."""

_LONG: Final = 90
"""Seconds from which on a wait is told in minutes, by the text `<name>_long`."""

_ALWAYS_PAGES: Final = frozenset({"attempt_over", "session_over"})


def fault_of(refusal: Refusal) -> Fault:
    """How a form shows the refusal; one that no form shows is raised again and becomes a page."""
    if isinstance(refusal, Invalid) and refusal.code in _BY_FIELD:
        return _together(_BY_FIELD[refusal.code](refusal.detail))
    row = FAULTS.get((type(refusal), refusal.code))
    if row is None and refusal.code not in _ALWAYS_PAGES:
        row = next((FAULT_KINDS[kind] for kind in type(refusal).__mro__ if kind in FAULT_KINDS), None)
    if row is None:
        raise refusal
    values = dict(refusal.detail)
    if isinstance(refusal, TooMany | Unavailable):
        row = row._replace(wait=refusal.retry_after)
        if refusal.retry_after > _LONG:
            return row._replace(text=f"{row.text}_long", values={"minutes": -(-refusal.retry_after // 60)})
        values["seconds"] = refusal.retry_after
    return row._replace(values=values)


def _fields_refused(detail: Mapping[str, Any]) -> Iterator[Fault]:
    """`fields`: what is wrong with each, one word or for a password several."""
    for field, wrong in detail["fields"].items():
        if isinstance(wrong, str):
            yield Fault(422, wrong, field)
        else:
            yield from (Fault(422, f"password_{problem}", field) for problem in wrong)


def _fields_missing(detail: Mapping[str, Any]) -> Iterator[Fault]:
    return (Fault(422, "missing", field) for field in detail["fields"])


def _password_policy(detail: Mapping[str, Any]) -> Iterator[Fault]:
    return (Fault(422, f"password_{problem}", "password") for problem in detail["problems"])


_BY_FIELD: Final[dict[str, Callable[[Mapping[str, Any]], Iterator[Fault]]]] = {
    "fields_refused": _fields_refused,
    "missing": _fields_missing,
    "password_policy": _password_policy,
}
"""Refusals that tell of several fields, or several things that are wrong with one."""


def _together(faults: Iterator[Fault]) -> Fault:
    first = next(faults)
    return first._replace(also=tuple(faults))


def refuse(call: Call, refusal: Refusal) -> Reply:
    """The page that a refusal gets."""
    from muster.signin.pages import HERE, NOWHERE, page, visit_of

    row = PAGES.get((type(refusal), refusal.code))
    row = row or next((PAGE_KINDS[kind] for kind in type(refusal).__mro__ if kind in PAGE_KINDS), PAGE_KINDS[Crash])
    if refusal.code == "attempt_over" and visit_of(call).new_browser:
        row = OTHER_BROWSER
    return page(
        call,
        "refused.html",
        status=row.status,
        headers=_headers(refusal),
        place=HERE if call.method == "GET" else NOWHERE,
        text=row.text,
        onward=row.onward,
    )


def _headers(refusal: Refusal) -> Sequence[Header]:
    if isinstance(refusal, TooMany | Unavailable):
        return [(b"retry-after", b"%d" % refusal.retry_after)]
    if isinstance(refusal, NoRoute) and refusal.code == "method":
        allow = refusal.detail["allow"]
        return [(b"allow", ", ".join(allow).encode() if isinstance(allow, list) else b"")]
    return ()
