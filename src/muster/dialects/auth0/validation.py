"""Checks what a client sent against the tables of `schema/` and refuses it in the texts that clients know.

Every violation is reported: what an object has too much, then what is wrong or missing in the order of the table. Work is
linear in the size of what was sent.
"""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from muster.dialects.auth0.schema.listing import FieldNames
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.fields import Field, Flag, Integer, List, Number, Object, OneOf, Text

LONGEST_SHOWN = 200
MOST_PROBLEMS = 20
"""More are not reported: a body of a million mistakes must not become an answer of a hundred megabytes."""

LONGEST_EMAIL = 254
LONGEST_LOCAL_PART = 64

F = TypeVar("F", bound=Field)


class _Found:
    """The problems found so far, each with its path (empty for the root) and the description of what stands there."""

    __slots__ = ("problems",)

    def __init__(self) -> None:
        self.problems: list[tuple[str, str, str]] = []

    @property
    def enough(self) -> bool:
        return len(self.problems) >= MOST_PROBLEMS

    def add(self, problem: str, path: str, about: str) -> None:
        if not self.enough:
            self.problems.append((problem, path, about))


def check_body(schema: Field, value: Any) -> Any:
    """The value as it came when it fits the schema, else `BadRequest("invalid_body")` with every violation."""
    found = _Found()
    _check(schema, value, "", found)
    if found.problems:
        raise BadRequest("invalid_body", message=_message("Payload", found))
    return value


def check_query(schema: Object, query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The parameters as values: texts, whole numbers, booleans, lists; a `FieldNames` becomes a tuple of names.

    `BadRequest("invalid_query_string")` with every violation when they do not fit the schema.
    """
    found = _Found()
    value = {name: _from_query(schema.members.get(name), texts) for name, texts in query.items()}
    _object(schema, value, "", found)
    if found.problems:
        raise BadRequest("invalid_query_string", message=_message("Query", found))
    for name, field in schema.members.items():
        if isinstance(field, FieldNames) and name in value:
            value[name] = tuple(filter(None, value[name].split(",")))
    return value


def check_path(schema: Object, path: Mapping[str, str]) -> Mapping[str, str]:
    """The decoded segments when they fit the schema, else `BadRequest("invalid_uri")`.

    A user's id is the one thing that the vendor refuses here without saying where it stands.
    """
    found = _Found()
    for name, field in schema.members.items():
        text = path[name]
        if isinstance(field, Text) and field.format == "user-id" and not _is_user_id(text):
            raise BadRequest("invalid_uri", message=_not_of_format("user-id", text))
        _check(field, text, name, found)
    if found.problems:
        raise BadRequest("invalid_uri", message=_message("Path", found))
    return path


def body_problem(problem: str, path: str = "", about: str = "") -> BadRequest:
    """A refusal in the same grammar for a rule that no table can hold (a body that depends on what is stored)."""
    found = _Found()
    found.add(problem, path, about)
    return BadRequest("invalid_body", message=_message("Payload", found))


def query_problem(problem: str, path: str = "", about: str = "") -> BadRequest:
    """The same for a query."""
    found = _Found()
    found.add(problem, path, about)
    return BadRequest("invalid_query_string", message=_message("Query", found))


def _message(part: str, found: _Found) -> str:
    lines = []
    for problem, path, about in found.problems:
        what = f" ({about.removesuffix('.')})" if about else ""
        lines.append(f"{part} validation error: '{problem}'{f' on property {path}{what}' if path else ''}.")
    return " (also) ".join(lines)


def _from_query(field: Field | None, texts: Sequence[str]) -> Any:
    """What a parameter's text stands for; text that stands for nothing of the kind is left for the check to refuse."""
    if isinstance(field, List):
        return [_from_query(field.items, [text]) for text in texts]
    if len(texts) != 1:
        return list(texts)
    text = texts[0]
    if isinstance(field, Integer) and _WHOLE.fullmatch(text):
        return int(text)
    if isinstance(field, Flag):
        return {"true": True, "false": False}.get(text, text)
    return text


def _check(field: Field, value: Any, path: str, found: _Found) -> None:
    if value is None:
        if not field.nullable and type(field) is not Field:
            found.add(_wrong_type(field, value), path, field.about)
        return
    check = _CHECKS.get(type(field))
    if check is not None:
        check(field, value, path, found)


def _text(field: Text, value: Any, path: str, found: _Found) -> None:
    if not isinstance(value, str):
        found.add(_wrong_type(field, value), path, field.about)
        return
    length = len(value)
    if field.min is not None and length < field.min:
        found.add(f"String is too short ({length} chars), minimum {field.min}", path, field.about)
    if field.max is not None and length > field.max:
        found.add(f"String is too long ({length} chars), maximum {field.max}", path, field.about)
    elif field.pattern is not None and not _compiled(field.pattern).search(value):
        found.add(f"String does not match pattern {field.pattern}: {_shown(value)}", path, field.about)
    if field.format is not None and not FORMATS.get(field.format, _anything)(value):
        found.add(_not_of_format(field.format, value), path, field.about)
    if field.one_of and value not in field.one_of:
        found.add(f"No enum match for: {_shown(value)}", path, field.about)


def _flag(field: Flag, value: Any, path: str, found: _Found) -> None:
    if not isinstance(value, bool):
        found.add(_wrong_type(field, value), path, field.about)
    elif field.only is not None and value is not field.only:
        found.add(f"No enum match for: {_shown(value)}", path, field.about)


def _integer(field: Integer, value: Any, path: str, found: _Found) -> None:
    if _type_name(value) != "integer":
        found.add(_wrong_type(field, value), path, field.about)
    elif field.min is not None and value < field.min:
        found.add(f"Value {_shown(value)} is less than minimum {field.min}", path, field.about)
    elif field.max is not None and value > field.max:
        found.add(f"Value {_shown(value)} is greater than maximum {field.max}", path, field.about)


def _number(field: Number, value: Any, path: str, found: _Found) -> None:
    if _type_name(value) not in ("integer", "number"):
        found.add(_wrong_type(field, value), path, field.about)


def _list(field: List, value: Any, path: str, found: _Found) -> None:
    if not isinstance(value, list):
        found.add(_wrong_type(field, value), path, field.about)
        return
    if field.min is not None and len(value) < field.min:
        found.add(f"Array is too short ({len(value)}), minimum {field.min}", path, field.about)
    if field.max is not None and len(value) > field.max:
        found.add(f"Array is too long ({len(value)}), maximum {field.max}", path, field.about)
    for index, item in enumerate(value):
        if found.enough:
            return
        _check(field.items, item, f"{path}[{index}]", found)


def _object(field: Object, value: Any, path: str, found: _Found) -> None:
    if not isinstance(value, dict):
        found.add(_wrong_type(field, value), path, field.about)
        return
    if field.min is not None and len(value) < field.min:
        found.add(f"Too few properties defined ({len(value)}), minimum {field.min}", path, field.about)
    if field.max is not None and len(value) > field.max:
        found.add(f"Too many properties defined ({len(value)}), maximum {field.max}", path, field.about)
    members = field.members
    if field.closed and not value.keys() <= members.keys():
        unknown = ",".join(name for name in value if name not in members)
        found.add(f"Additional properties not allowed: {_shown(unknown)}", path, field.about)
    for name, member in members.items():
        if name in value:
            _check(member, value[name], f"{path}.{name}" if path else name, found)
        elif member.required:
            found.add(f"Missing required property: {name}", path, field.about)
    if field.values is not None:
        for name, inner in value.items():
            if name not in members and not found.enough:
                _check(field.values, inner, f"{path}.{_shown(name)}" if path else _shown(name), found)


def _one_of(field: OneOf, value: Any, path: str, found: _Found) -> None:
    for shape in field.shapes:
        inside = _Found()
        _check(shape, value, path, inside)
        if not inside.problems:
            return
    found.add("Data does not match any schemas from 'oneOf'", path, field.about)


def _field_names(field: FieldNames, value: Any, path: str, found: _Found) -> None:
    if not isinstance(value, str):
        found.add(_wrong_type(field, value), path, field.about)
        return
    known = {*field.names, *field.also}
    if not all(name in known for name in value.split(",") if name):
        found.add(
            f"String '{_shown(value)}' does not match pattern. Must be a comma separated list of the following values: "
            + ",".join(field.names),
            path,
            field.about,
        )


def _wrong_type(field: Field, value: Any) -> str:
    wanted = _TYPE_NAMES[type(field)] + (",null" if field.nullable else "")
    return f"Expected type {wanted} but found type {_type_name(value)}"


def _type_name(value: Any) -> str:
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return _VALUE_NAMES[type(value)]


def _not_of_format(format_: str, value: str) -> str:
    return f"Object didn't pass validation for format {format_}: {_shown(value)}"


def _shown(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value))[:LONGEST_SHOWN]


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # In Python `$` also stands before a final line break; the contract's patterns mean the very end.
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)


def _is_email(text: str) -> bool:
    """RFC 5322's address in the form that mail really uses, with a dot in the domain; nothing is looked up."""
    if len(text) > LONGEST_EMAIL or text.rfind("@") > LONGEST_LOCAL_PART:
        return False
    if _PLAIN_EMAIL.fullmatch(text) and "--" not in text:
        return True
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return "." in valid.domain


def _is_user_id(text: str) -> bool:
    provider, pipe, rest = text.partition("|")
    return bool(provider and pipe and rest)


def _anything(_: str) -> bool:
    return True


_WHOLE = re.compile(r"-?[0-9]{1,15}")
_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_STRICT_URI = re.compile(
    r"[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9._~%!$&'()*+,;=:@\[\]-]+(?:[/?#][A-Za-z0-9._~%!$&'()*+,;=:@/?#\[\]-]*)?"
)
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

FORMATS: Mapping[str, Callable[[str], bool]] = {
    "email": _is_email,
    "strict-uri": lambda text: bool(_STRICT_URI.fullmatch(text)),
    "client-id": lambda text: bool(_CLIENT_ID.fullmatch(text)),
    "user-id": _is_user_id,
}
"""The formats that are checked; any other name is only told in `openapi.json`."""

_VALUE_NAMES = {
    str: "string",
    dict: "object",
    list: "array",
    bool: "boolean",
    int: "integer",
    type(None): "null",
}
_TYPE_NAMES: Mapping[type[Field], str] = {
    Text: "string",
    FieldNames: "string",
    Flag: "boolean",
    Integer: "integer",
    Number: "number",
    List: "array",
    Object: "object",
    OneOf: "object",
}
_CHECKS: Mapping[type[Field], Callable[[Any, Any, str, _Found], None]] = {
    Text: _text,
    FieldNames: _field_names,
    Flag: _flag,
    Integer: _integer,
    Number: _number,
    List: _list,
    Object: _object,
    OneOf: _one_of,
}
