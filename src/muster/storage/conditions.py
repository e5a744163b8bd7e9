"""One condition of a query as the read of one index: whom it decides, and whom only the documents can."""

import math
from typing import Final

from muster.core.query import Exists, Is, Like, Range, Scalar
from muster.core.users.terms import TEXT, term
from muster.storage.fragments import Sql, every, some, union
from muster.storage.likes import among_texts, beginning_of, begins, like
from muster.storage.sources import (
    ACTIVITY_COLUMNS,
    NEVER,
    USER_COLUMNS,
    Condition,
    Source,
    activity,
    everyone,
    looked_through,
    number_source,
    terms,
    text_source,
)
from muster.storage.text import bound, term_row

_LARGEST: Final = 2**63 - 1


def condition(tenant_id: int, asked: Is | Range | Like | Exists) -> Condition:
    """How one condition is answered."""
    match asked:
        case Is(field, value) if field == TEXT:
            return among_texts(tenant_id, ("", value, ""), whole=True) if isinstance(value, str) else NEVER
        case Is(field, value):
            return _is(tenant_id, field, value)
        case Range():
            return _range(tenant_id, asked)
        case Like(field, parts):
            return like(tenant_id, field, parts)
        case Exists(field):
            return _exists(tenant_id, field)


def _is(tenant_id: int, field: str, value: Scalar) -> Condition:
    if field == "id" or field in USER_COLUMNS or field in ACTIVITY_COLUMNS:
        if isinstance(value, bool):
            return NEVER
        return _range(tenant_id, Range(field, value, value))
    table, number, stored = term_row(term(field, value))
    text = f"SELECT t.n AS n FROM {table} t WHERE t.tenant_id = ? AND t.field = ? AND t.value = ?"
    params = (tenant_id, number, stored)
    return Condition(
        Sql(text, params), lambda column: Sql(f"(EXISTS ({text} AND t.n = {column}) IS TRUE)", params), in_order=True
    )


def _exists(tenant_id: int, field: str) -> Condition:
    if field in USER_COLUMNS or field in ("id", TEXT):
        return everyone(tenant_id)
    if field in ACTIVITY_COLUMNS:
        column = activity(tenant_id, ACTIVITY_COLUMNS[field])
        return Condition(column.reading(), column.probing())
    sources = [terms(tenant_id, "text_terms", field)]
    sources += [terms(tenant_id, "number_terms", name) for name in (field, f"?{field}", f"{{{field}")]
    return Condition(union([source.reading(once=False) for source in sources]))


def _range(tenant_id: int, asked: Range) -> Condition:
    low, high = asked.low, asked.high
    ends = [end for end in (low, high) if end is not None]
    texts = all(isinstance(end, str) for end in ends)
    numbers = all(not isinstance(end, (str, bool)) and not _is_nan(end) for end in ends)
    if asked.field == TEXT:
        return looked_through(tenant_id) if texts else NEVER
    found: list[tuple[Source, Sql, Sql | None]] = []
    source = text_source(tenant_id, asked.field)
    if source is not None and texts:
        found.append((source, *_text_range(source, asked)))
    source = number_source(tenant_id, asked.field)
    if source is not None and numbers:
        within = _number_range(source, asked)
        if within is not None:
            found.append((source, within, None))
    if not found:
        return NEVER
    if len(found) > 1:
        return Condition(union([source.reading(within, once=False) for source, within, _ in found]))
    ((source, within, unsure),) = found
    to_look_at = source.reading(unsure) if unsure is not None else None
    return Condition(source.reading(within), source.probing(within), to_look_at)


def _text_range(source: Source, asked: Range) -> tuple[Sql, Sql | None]:
    """The values surely between the ends, and those that share so long a beginning with one that their terms cannot tell."""
    conditions: list[Sql] = []
    unsure: list[Sql] = []
    for end, included, above in ((asked.low, asked.low_included, ">"), (asked.high, asked.high_included, "<")):
        if not isinstance(end, str):
            continue
        beginning = beginning_of(end) if source.are_terms else end
        if beginning == end:
            conditions.append(Sql(f"{source.value} {above}{'=' if included else ''} ?", (bound(end),)))
            continue
        zone = begins(source.value, bound(beginning))
        unsure.append(zone)
        conditions.append(Sql(f"{source.value} {above} ? AND NOT ({zone.text})", (bound(beginning), *zone.params)))
    return every(conditions), some(unsure) if unsure else None


def _number_range(source: Source, asked: Range) -> Sql | None:
    """The numbers between the ends; None when there cannot be any."""
    conditions: list[Sql] = []
    for end, included, above in ((asked.low, asked.low_included, ">"), (asked.high, asked.high_included, "<")):
        if end is None or isinstance(end, str):
            continue
        equal = "=" if included else ""
        if source.are_terms:
            conditions.append(Sql(f"{source.value} {above}{equal} ?", (_double(end),)))
            continue
        if abs(end) > _LARGEST:
            if (end > 0) is (above == ">"):
                return None
            continue
        whole = math.ceil(end) if above == ">" else math.floor(end)
        if whole != end:
            equal = "="
        conditions.append(Sql(f"{source.value} {above}{equal} CAST(? AS bigint)", (whole,)))
    return every(conditions)


def _is_nan(number: float) -> bool:
    return number != number  # noqa: PLR0124 - math.isnan refuses whole numbers beyond a double


def _double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
