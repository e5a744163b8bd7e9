"""From what was sent to the members of a request object: the same whether it came in the query, a form, JSON or JSV.

Names are matched without regard to case and unknown ones are passed over. Values are converted as the framework does: `"true"`
is a truth value and `"5"` a number wherever one is due. A null is the same as nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from muster.dialects.kit.body import parse_json
from muster.dialects.kit.errors import BadRequest
from muster.dialects.netwrix.schema.fields import Field, Flag, Free, Member, Members, Shape, Text, Texts, Whole
from muster.dialects.netwrix.wire.jsv import parse_jsv

Bound = dict[str, Any]

MOST_FAULTS: Final = 100
LONGEST_SHOWN: Final = 100

_TRUE: Final = frozenset({"true", "1", "on", "yes"})
_FALSE: Final = frozenset({"false", "0", "off", "no"})


class _Unfit(Exception):
    """A value that is not of its member's kind."""


def bind(shape: Shape, *sources: Mapping[str, Any]) -> Bound:
    """The members that were sent, by the names of the shape; of several sources the last one wins.

    A text where an object or a list is due is read as JSON, else as JSV; a list of texts may also be `a,b`.
    `BadRequest("binding")` names the request and every member that does not fit.
    """
    faults: list[dict[str, Any]] = []
    found: Bound = {}
    for source in sources:
        found |= _members(shape, source, "", faults)
    if faults:
        raise BadRequest("binding", request=shape.name, faults=faults)
    return found


def _members(shape: Shape, sent: Mapping[str, Any], path: str, faults: list[dict[str, Any]]) -> Bound:
    names = {name.lower(): name for name in shape.members}
    found: Bound = {}
    for given, value in sent.items():
        name = names.get(given.lower())
        if name is None or value is None:
            continue
        try:
            bound = _value(shape.members[name], value, f"{path}{name}", faults)
        except _Unfit:
            if len(faults) < MOST_FAULTS:
                faults.append({"field": f"{path}{name}", "value": _shown(value)})
        else:
            if bound is not None:
                found[name] = bound
    return found


def _value(field: Field, value: Any, path: str, faults: list[dict[str, Any]]) -> Any:
    match field:
        case Text():
            return _text(value)
        case Flag():
            return _flag(value)
        case Whole(bits=bits):
            return _whole(value, bits)
        case Texts():
            return [_text(item) for item in _list(value) if item is not None]
        case Free():
            return {name: _text(item) for name, item in _object(value).items() if item is not None}
        case Member(shape=shape):
            return _members(shape, _object(value), f"{path}.", faults)
        case Members(shape=shape):
            return [
                _members(shape, _object(item), f"{path}[{place}].", faults)
                for place, item in enumerate(_list(value))
                if item is not None
            ]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise _Unfit


def _flag(value: Any) -> bool | None:
    text = _text(value).strip().lower()
    if not text:
        return None
    if text not in _TRUE and text not in _FALSE:
        raise _Unfit
    return text in _TRUE


def _whole(value: Any, bits: int) -> int | None:
    if isinstance(value, bool):
        raise _Unfit
    if isinstance(value, float) and value.is_integer():
        value = int(value) if abs(value) < 1 << bits else "no"
    text = str(value) if isinstance(value, int) else _text(value).strip()
    if not text:
        return None
    digits = text.removeprefix("-")
    if len(digits) > 20 or not (digits.isascii() and digits.isdigit()):
        raise _Unfit
    number = int(text)
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise _Unfit
    return number


def _list(value: Any) -> list[Any]:
    value = _nested(value)
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [item.strip() for item in value.split(",")] if value.strip() else []
    raise _Unfit


def _object(value: Any) -> dict[str, Any]:
    value = _nested(value)
    if isinstance(value, dict):
        return value
    raise _Unfit


def _nested(value: Any) -> Any:
    """What a text holds that begins as an object or a list does."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return parse_json(value.encode())
    except BadRequest as refused:
        if refused.code != "not_json":
            raise
    except UnicodeEncodeError:
        raise _Unfit from None
    try:
        return parse_jsv(value)
    except BadRequest as refused:
        if refused.code == "not_jsv":
            raise _Unfit from None
        raise


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
