"""Conditions on parts of a text: how it begins and ends, and what is in it, by the index that tells the most."""

import re
from collections.abc import Sequence
from typing import Final

from muster.core.users.terms import CUT, LONGEST_TEXT, TEXT
from muster.storage.fragments import Sql, every, negation, some
from muster.storage.sources import NEVER, NOBODY, Condition, Source, everyone, text_source
from muster.storage.text import BETWEEN, bound

IDENTIFYING: Final = frozenset(
    {
        "email",
        "emails",
        "phone",
        "phones",
        "wallets",
        "username",
        "given_name",
        "family_name",
        "full_name",
        "shown_name",
    }
)
"""Fields whose values, case folded, are all among a user's identifying texts."""

_SHORT_END: Final = LONGEST_TEXT - 4
"""So many bytes of any text are in its term, whether it was cut or not."""

_SHORTEST_CUT: Final = 114
"""Characters: 200 bytes are 50 at least, and 65 come after them."""

LONGEST_PATTERN: Final = 1_000
"""Characters: a longer one finds no fewer by its trigrams."""

MOST_PARTS: Final = 16
"""Parts of one text that an engine looks for."""

_WILD: Final = re.compile(r"[%_\\]")
_SPELLED_OTHERWISE: Final = re.compile("[\0-\5]")
"""Characters that `bound` spells with others, and those others: a part of a text may begin in the middle of one."""


def like(tenant_id: int, field: str, parts: tuple[str, ...]) -> Condition:
    """The users with a text of this field that has these parts."""
    if field == TEXT:
        return among_texts(tenant_id, parts)
    source = text_source(tenant_id, field)
    if source is None:
        return NEVER
    first, *between, last = parts
    beginning = beginning_of(first) if source.are_terms else first
    starts = begins(source.value, bound(beginning))
    if beginning != first:
        return Condition(NOBODY, to_look_at=source.reading(starts, _is_cut(source)))
    if not last and not any(between):
        return Condition(source.reading(starts), source.probing(starts))
    inner = [part for part in between if part]
    contains = every([starts, *_contains(source.value, first, inner, last)])
    inexact = len(inner) > 1 or any(map(_SPELLED_OTHERWISE.search, (*inner, last)))
    sure, unsure = source.reading(contains), source.reading(contains) if inexact else None
    if inexact:
        sure = NOBODY
    if source.are_terms:
        cut = _is_cut(source)
        sure = sure if inexact else source.reading(contains, negation(cut))
        unsure = source.reading(starts, some([cut, contains]) if inexact else cut)
    candidates = None
    folded = tuple(part.casefold() for part in parts)
    if field in IDENTIFYING and _gram(folded):
        candidates = among_texts(tenant_id, folded).numbers
    return Condition(sure, None, unsure, candidates, is_read=bool(first))


def _contains(value: str, first: str, inner: Sequence[str], last: str) -> list[Sql]:
    """Has room for the ends, ends with the last, and has the longest of the others in between in any order."""
    before, after = len(bound(first)), len(bound(last))
    conditions = [Sql(f"length({value}) >= ?", (before + after,))]
    if last:
        conditions.append(Sql(f"substr({value}, length({value}) - ? + 1) = ?", (after, bound(last))))
    rest = f"substr({value}, ? + 1, length({value}) - ?)"
    conditions += [Sql(f"instr({rest}, ?) > 0", (before, before + after, bound(part))) for part in _longest(inner)]
    return conditions


def among_texts(tenant_id: int, parts: tuple[str, ...], *, whole: bool = False) -> Condition:
    """Parts of the identifying texts, which are kept as one: by trigrams where three letters stand together."""
    first, *between, last = parts
    inner = [part for part in between if part]
    if whole:
        needles = [f"{BETWEEN}{bound(between[0])}{BETWEEN}"]
    else:
        needles = [BETWEEN + bound(first)] if first else []
        needles += [bound(part) for part in inner]
        needles += [bound(last) + BETWEEN] if last else []
    if not needles:
        return everyone(tenant_id)
    has = [Sql("instr(x.text, ?) > 0", (needle,)) for needle in _longest(needles)]
    if _gram(needles):
        pattern = f"%{'%'.join(_WILD.sub('_', needle) for needle in needles)}%"
        where = every([Sql("x.text LIKE ? AND x.tenant_id = ?", (pattern[:LONGEST_PATTERN] + "%", tenant_id)), *has])
        found = Sql(f"SELECT x.rowid AS n FROM user_trigrams x WHERE {where.text}", where.params)
    else:
        where = every([Sql("x.tenant_id = ?", (tenant_id,)), *has])
        found = Sql(f"SELECT x.n AS n FROM user_texts x WHERE {where.text}", where.params)
    probe_where = every([Sql("x.tenant_id = ?", (tenant_id,)), *has])
    exact = len(needles) == 1 and (whole or not any(map(_SPELLED_OTHERWISE.search, parts)))
    if not exact:
        return Condition(NOBODY, to_look_at=found, is_read=False)
    text = f"EXISTS (SELECT 1 FROM user_texts x WHERE {probe_where.text} AND x.n"
    return Condition(found, lambda column: Sql(f"({text} = {column}) IS TRUE)", probe_where.params), is_read=False)


def _longest(parts: Sequence[str]) -> list[str]:
    """The parts that leave the fewest; where there are several, the documents decide anyway."""
    return sorted(dict.fromkeys(parts), key=len, reverse=True)[:MOST_PARTS]


def _gram(needles: Sequence[str]) -> bool:
    """Whether three letters stand together somewhere that are no wildcards."""
    return any(len(run) >= 3 for needle in needles for run in _WILD.split(needle))


def beginning_of(text: str) -> str:
    """As much of a text as every term that begins with it has."""
    raw = text.encode("utf-8", "surrogatepass")
    return text if len(raw) <= _SHORT_END else raw[:_SHORT_END].decode("utf-8", "ignore")


def begins(value: str, prefix: str) -> Sql:
    """Bytewise between the prefix and whatever comes after all that begin with it."""
    if not prefix:
        return Sql("1 = 1")
    after = _after(prefix)
    if after is None:
        return Sql(f"{value} >= ?", (prefix,))
    return Sql(f"{value} >= ? AND {value} < ?", (prefix, after))


def _after(prefix: str) -> str | None:
    for length in range(len(prefix), 0, -1):
        point = ord(prefix[length - 1]) + 1
        if point <= 0x10FFFF:
            return prefix[: length - 1] + chr(0xE000 if 0xD800 <= point < 0xE000 else point)
    return None


def _is_cut(source: Source) -> Sql:
    value = source.value
    text = f"(length({value}) >= {_SHORTEST_CUT} AND substr({value}, length({value}) - 64, 1) = '{CUT}')"
    return Sql(text)
