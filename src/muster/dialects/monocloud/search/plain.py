"""What a `filter` asks of a list that is few enough to be looked at one by one: the same language over what is shown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from muster.core.users.matching import is_like
from muster.dialects.kit.errors import BadRequest
from muster.dialects.monocloud.search.grammar import Clause, Either, Every, Negation, Node, Span, Word, read

Shown = Mapping[str, Any]


def chooser(text: str | None, fields: Sequence[str], texts: Sequence[str]) -> Callable[[Shown], bool]:
    """Whether an item is asked for. `fields` can be named; a bare word is looked for in `texts`, without regard to case."""
    if text is None or not text.strip():
        return lambda _: True
    tree = read(text)
    _check(tree, fields)
    return lambda item: _matches(tree, item, texts)


def _check(node: Node, fields: Sequence[str]) -> None:
    match node:
        case Every(parts) | Either(parts):
            for part in parts:
                _check(part, fields)
        case Negation(part):
            _check(part, fields)
        case Clause(field, asked):
            if field is not None and field not in fields:
                raise BadRequest("filter", message=f"filter: unknown field {field[:100]}.")
            if field is None and isinstance(asked, Span):
                raise BadRequest("filter", message="filter: a range needs a field.")


def _matches(node: Node, item: Shown, texts: Sequence[str]) -> bool:
    match node:
        case Every(parts):
            return all(_matches(part, item, texts) for part in parts)
        case Either(parts):
            return any(_matches(part, item, texts) for part in parts)
        case Negation(part):
            return not _matches(part, item, texts)
        case Clause(None, Word(parts)):
            around = ("", *(part.casefold() for part in parts if part), "")
            return any(is_like(_text(item.get(name)), around) for name in texts)
        case Clause(field, Word(parts)):
            text, wanted = _text(item.get(str(field))), tuple(part.casefold() for part in parts)
            return text == wanted[0] if len(wanted) == 1 else is_like(text, wanted)
        case Clause(field, Span() as span):
            return _within(item.get(str(field)), span)
    return False


def _within(value: Any, span: Span) -> bool:
    if value is None:
        return False
    for end, included, sign in ((span.low, span.low_included, 1), (span.high, span.high_included, -1)):
        if end is None:
            continue
        text = "*".join(end.parts)
        limit: Any = text.casefold()
        here: Any = _text(value)
        if isinstance(value, int) and text.removeprefix("-").isdigit() and text.isascii():
            here, limit = value, int(text)
        if here != limit and (here > limit) is not (sign > 0):
            return False
        if here == limit and not included:
            return False
    return True


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).casefold()
