"""What this API says of a request that it refuses: codes, texts and the names of parameters, as clients parse them."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from muster.core.errors import Refusal

LONGEST_SHOWN = 200


class Problem(NamedTuple):
    """One entry of `errors`. `long_message` of None says the message again."""

    code: str
    message: str
    long_message: str | None = None
    meta: dict[str, Any] | None = None


class Refused(Refusal):
    """A refusal in this API's own words; several problems may be told at once."""

    def __init__(self, status: int, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].code)
        self.status = status
        self.problems = problems


def refused(status: int, code: str, message: str, long_message: str | None = None, **meta: Any) -> Refused:
    """A refusal with one problem."""
    return Refused(status, [Problem(code, message, long_message, meta or None)])


def form(code: str, param: str, message: str, long_message: str | None = None) -> Refused:
    """A 422 about one parameter."""
    return Refused(422, [about(code, param, message, long_message)])


def about(code: str, param: str, message: str, long_message: str | None = None) -> Problem:
    """A problem of one parameter."""
    return Problem(code, message, long_message, {"param_name": param})


def missing(param: str) -> Problem:
    return about("form_param_missing", param, "is missing", f"{param} must be included.")


def unknown(param: str) -> Problem:
    shown = param[:LONGEST_SHOWN]
    return about("form_param_unknown", shown, "is unknown", f"{shown} is not a valid parameter for this request.")


def null(param: str) -> Problem:
    return about("form_param_nil", param, "is invalid", f"{param} cannot be null.")


def wrong_type(param: str, kind: str) -> Problem:
    return about("form_param_type_invalid", param, "is invalid", f"`{param}` must be a `{kind}`.")


def not_allowed(param: str, value: object) -> Problem:
    text = f"{shown(value)} does not match one of the allowed values for parameter {param}"
    return about("form_param_value_invalid", param, "is invalid", text)


def invalid(param: str, why: str | None = None) -> Problem:
    return about("form_param_value_invalid", param, "is invalid", why or f"{param} is invalid")


def malformed(param: str, must_be: str) -> Problem:
    return about("form_param_format_invalid", param, "is invalid", f"{param} must be {must_be}.")


def too_long(param: str, most: int) -> Problem:
    text = f"{param} should not exceed {most} characters."
    return about("form_param_max_length_exceeded", param, "exceeds maximum length", text)


def too_short(param: str, least: int) -> Problem:
    text = f"{param} must be at least {least} characters long."
    return about("form_param_min_length_exceeded", param, "does not reach minimum length", text)


def too_many(param: str, most: int) -> Problem:
    text = f"{param} should not exceed {most} items."
    return about("form_param_array_size_exceeded", param, "exceeds maximum size", text)


def too_large(param: str, most: int) -> Problem:
    text = f"The value of {param} can't be greater than {most}"
    return about("form_param_value_too_large", param, "Value too large", text)


def taken(param: str, what: str) -> Problem:
    return about("form_identifier_exists", param, f"That {what} is taken. Please try another.")


def deprecated(param: str) -> Problem:
    return about("form_param_deprecated", param, "is deprecated")


def shown(value: object) -> str:
    """A value as a text repeats it."""
    return (value if isinstance(value, str) else json.dumps(value))[:LONGEST_SHOWN]


EMAIL = "a valid email address"
PHONE = "a valid phone number according to E.164 international standard"
WALLET = "a valid web3 wallet address"
LOCALE = "a valid BCP-47 language tag"
