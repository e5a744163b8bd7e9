"""Checks what a client sent against the tables of `schema/`, and tells all that is wrong with it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from muster.core.errors import Invalid
from muster.core.users.shapes import canonical
from muster.dialects.clerk import problems
from muster.dialects.clerk.problems import Problem, Refused
from muster.dialects.clerk.schema.values import Date
from muster.dialects.kit.fields import Field, Flag, Integer, List, Object, Text

MOST_PROBLEMS = 20
"""More are not told: a body of a million mistakes must not become an answer of a hundred megabytes."""

LARGEST_INTEGER = 2**53
_WHOLE = re.compile(r"-?[0-9]{1,16}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*|[A-Za-z]{4,8}(?:-[A-Za-z0-9]{2,8})*")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_WALLET = re.compile(r"0x[0-9A-Fa-f]{40}|[1-9A-HJ-NP-Za-km-z]{32,44}")
_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_LONGEST_EMAIL = 254

Found = list[Problem]


def check_body(schema: Object, value: Any) -> dict[str, Any]:
    """The object as it came, without what nobody asks about; `Refused` with every problem."""
    if not isinstance(value, dict):
        raise body_invalid()
    found: Found = []
    _members(schema, value, "", found)
    _refuse(found)
    return value


def check_list_body(schema: Object, value: Any) -> list[dict[str, Any]]:
    """A body that is an array of objects."""
    if not isinstance(value, list):
        raise body_invalid()
    found: Found = []
    for number, item in enumerate(value):
        if isinstance(item, dict):
            _members(schema, item, f"[{number}].", found)
        else:
            found.append(problems.wrong_type(f"[{number}]", "object"))
    _refuse(found)
    return value


def check_query(schema: Object, query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The parameters as values; of one that is no list the first counts. Parameters that nobody knows are ignored."""
    found: Found = []
    values: dict[str, Any] = {}
    for name, field in schema.members.items():
        texts = query.get(name) or query.get(f"{name}[]")
        if not texts:
            if field.required:
                found.append(problems.missing(name))
            continue
        values[name] = list(texts) if isinstance(field, List) else _from_query(field, texts[0])
        check(field, values[name], name, found)
    _refuse(found)
    return values


def body_invalid() -> Refused:
    """The body is not the JSON that the operation takes."""
    text = "The request body is invalid. Please consult the API documentation for more information."
    return problems.refused(400, "request_body_invalid", "Request body invalid", text)


def check(field: Field, value: Any, name: str, found: Found) -> None:
    """Add to the problems what is wrong with one value."""
    if len(found) >= MOST_PROBLEMS:
        return
    if value is None:
        if not field.nullable:
            found.append(problems.null(name))
        return
    match field:
        case Text():
            _text(field, value, name, found)
        case Flag():
            if not isinstance(value, bool):
                found.append(problems.wrong_type(name, "boolean"))
        case Integer():
            _integer(field, value, name, found)
        case List():
            _list(field, value, name, found)
        case Object():
            if isinstance(value, dict):
                _members(field, value, f"{name}.", found)
            else:
                found.append(problems.wrong_type(name, "object"))


def _refuse(found: Found) -> None:
    if found:
        raise Refused(422, found[:MOST_PROBLEMS])


def _members(schema: Object, value: dict[str, Any], at: str, found: Found) -> None:
    if schema.closed:
        found.extend(problems.unknown(f"{at}{name}") for name in list(value)[:1000] if name not in schema.members)
    for name, field in schema.members.items():
        if name in value:
            check(field, value[name], f"{at}{name}", found)
        elif field.required:
            found.append(problems.missing(f"{at}{name}"))


def _text(field: Text, value: Any, name: str, found: Found) -> None:
    if not isinstance(value, str):
        found.append(problems.wrong_type(name, "string"))
    elif field.one_of and value not in field.one_of:
        found.append(problems.not_allowed(name, value))
    elif field.max is not None and len(value) > field.max:
        found.append(problems.too_long(name, field.max))
    elif field.min is not None and len(value) < field.min:
        found.append(problems.too_short(name, field.min))
    elif field.format is not None:
        is_good, must_be = FORMATS[field.format]
        if not is_good(value):
            found.append(problems.malformed(name, must_be))


def _integer(field: Integer, value: Any, name: str, found: Found) -> None:
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_INTEGER:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(field, Date):
            text = "Date values must be given in Unix millisecond timestamp format."
            found.append(problems.about("form_param_invalid_date", name, text))
        else:
            found.append(problems.wrong_type(name, "integer"))
    elif value > (LARGEST_INTEGER if field.max is None else field.max):
        found.append(problems.too_large(name, LARGEST_INTEGER if field.max is None else field.max))
    elif value < (-LARGEST_INTEGER if field.min is None else field.min):
        found.append(problems.not_allowed(name, value))


def _list(field: List, value: Any, name: str, found: Found) -> None:
    if not isinstance(value, list):
        found.append(problems.wrong_type(name, "array"))
        return
    if field.max is not None and len(value) > field.max:
        found.append(problems.too_many(name, field.max))
        return
    if field.min is not None and len(value) < field.min:
        found.append(problems.missing(name))
    for item in value:
        check(field.items, item, name, found)


def _from_query(field: Field, text: str) -> Any:
    if isinstance(field, Flag):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if isinstance(field, Integer) and _WHOLE.fullmatch(text):
        return int(text)
    return text


def is_email(text: str) -> bool:
    """An address in the form that mail really uses; nothing is looked up."""
    text = text.strip()
    if len(text) > _LONGEST_EMAIL or text.rfind("@") > 64:
        return False
    if _PLAIN_EMAIL.fullmatch(text) and "--" not in text:
        return True
    from email_validator import EmailNotValidError, validate_email

    try:
        canonical("email", text)
        valid = validate_email(text, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except (EmailNotValidError, Invalid, UnicodeError):
        return False
    return "." in valid.domain


def is_phone(text: str) -> bool:
    """E.164, with the blanks and marks that people write left out."""
    return _PHONE.fullmatch(plain_number(text)) is not None


def plain_number(text: str) -> str:
    """A phone number without blanks, brackets, dots and dashes."""
    return text.translate(_MARKS)


_MARKS = {ord(mark): None for mark in " ().-\u00a0"}

FORMATS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "email": (is_email, problems.EMAIL),
    "phone": (is_phone, problems.PHONE),
    "wallet": (lambda text: _WALLET.fullmatch(text) is not None, problems.WALLET),
    "locale": (lambda text: _LOCALE.fullmatch(text) is not None, problems.LOCALE),
}
"""A format's check, and what a text that fails it must be."""
