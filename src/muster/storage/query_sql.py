"""The query tree as SQL text: which listed users match, as numbers (`n`, a user's `seq`).

Every condition is the read of one index (`conditions.py`). What several have in common is found in one of two ways, neither of
which can walk over a large index once per user: by asking about each user of the rarest part alone, where that takes a point
read; else by INTERSECT, EXCEPT and UNION, which read every part once.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from muster.core.errors import Invalid
from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Query, Range
from muster.storage.fragments import (
    LONGEST_CHAIN,
    Probe,
    Sql,
    Steps,
    combined_by,
    every,
    grouped,
    negation,
    params_of,
    some,
    union,
)
from muster.storage.sources import NOBODY, everyone

UNKNOWN: Final = 1 << 62
"""More users than anybody has: their number was not looked at."""

DEEPEST_PROBE: Final = 4
"""Levels of AND, OR and NOT within what is asked about one user: every level has the text of all below it once more."""

MOST_CONDITIONS: Final = 1_000
DEEPEST_QUERY: Final = 64
MOST_PARAMETERS: Final = 32_000
"""What may be bound to one statement; either engine takes 32,766 values."""

Leaf = Is | Range | Like | Exists


class Part(NamedTuple):
    """Users who match a part of a query. `most` is how many there are at the most, as far as that was measured, and `nested`
    how many levels the probe has.
    """

    numbers: Sql
    probe: Probe | None
    in_order: bool
    most: int = UNKNOWN
    nested: int = 0


def refuse_too_large(query: Query) -> None:
    """`Invalid("query_too_large")` for more conditions than one question may have, or one too deep to be read."""
    waiting = [(query, 1)]
    conditions = 0
    while waiting:
        asked, depth = waiting.pop()
        match asked:
            case All(parts) | Any(parts):
                waiting += [(part, depth + 1) for part in parts]
            case Not(part):
                waiting.append((part, depth + 1))
        conditions += 1
        if conditions > MOST_CONDITIONS or depth > DEEPEST_QUERY:
            raise Invalid("query_too_large", limit=MOST_CONDITIONS)


_NOBODY: Final = Part(NOBODY, lambda _: Sql("1 = 0"), in_order=True, most=0)


def simplified(query: Query) -> Query:
    """The same without what says nothing: chains in chains, double negations, chains of one.

    "This or not that" becomes "not (that and not this)", so that nobody has to be found only to be in the way.
    """
    match query:
        case Not(part):
            negated = simplified(part)
            return negated.part if isinstance(negated, Not) else Not(negated)
        case All(parts) | Any(parts):
            kind = type(query)
            inner: list[Query] = []
            for part in map(simplified, parts):
                if isinstance(part, kind):
                    inner += part.parts
                elif not (kind is All and isinstance(part, Everyone)):
                    inner.append(part)
            if kind is Any and any(isinstance(part, Everyone) for part in inner):
                return Everyone()
            if kind is Any and len(inner) > 1 and any(isinstance(part, Not) for part in inner):
                return Not(simplified(All(tuple(map(Not, inner)))))
            if kind is All and not inner:
                return Everyone()
            return inner[0] if len(inner) == 1 else kind(tuple(inner))
        case _:
            return query


def leaves_of(query: Query) -> Iterator[Leaf]:
    """Every single condition, in the order in which `combined` wants them answered."""
    match query:
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(part):
            yield from leaves_of(part)
        case Is() | Range() | Like() | Exists():
            yield query


def combined(tenant_id: int, query: Query, leaves: Iterator[Part], *, whole: bool) -> Part:
    """A tree put together from its leaves. `whole`: all who match are wanted, and not the first of them."""
    steps = Steps()
    part = _Tree(tenant_id, leaves, steps, whole=whole).part(query)
    return part._replace(numbers=steps.before(part.numbers))


class _Tree:
    """Puts a tree together: what stands within something else is named, so that no statement is deeper than another."""

    def __init__(self, tenant_id: int, leaves: Iterator[Part], steps: Steps, *, whole: bool) -> None:
        self._tenant_id = tenant_id
        self._leaves = leaves
        self._steps = steps
        self._whole = whole

    def part(self, query: Query) -> Part:
        match query:
            case Everyone():
                return self._everyone()
            case All(parts):
                wanted, unwanted = [], []
                for part in parts:
                    if isinstance(part, Not):
                        unwanted.append(self._inner(part.part))
                    else:
                        wanted.append(self._inner(part))
                return self._all(wanted, unwanted)
            case Any(parts):
                return self._any([self._inner(part) for part in parts])
            case Not(part):
                return self._all([], [self._inner(part)])
            case _:
                return next(self._leaves)

    def _inner(self, query: Query) -> Part:
        part = self.part(query)
        return part._replace(numbers=self._steps.named(part.numbers)) if isinstance(query, All | Any | Not) else part

    def _everyone(self) -> Part:
        numbers, probe, *_ = everyone(self._tenant_id)
        return Part(numbers, probe, in_order=True)

    def _any(self, parts: Sequence[Part]) -> Part:
        parts = [part for part in parts if part.most]
        if len(parts) <= 1:
            return parts[0] if parts else _NOBODY
        numbers = [part.numbers for part in parts]
        while len(numbers) > LONGEST_CHAIN:
            numbers = [self._steps.named(union(group)) for group in grouped(numbers)]
        probe, nested = _probed(parts, [], some)
        return Part(union(numbers), probe, in_order=False, most=sum(part.most for part in parts), nested=nested)

    def _all(self, positive: Sequence[Part], negative: Sequence[Part]) -> Part:
        """Those in every positive part and in no negative one."""
        negative = [part for part in negative if part.most]
        first, *others = sorted(positive, key=lambda part: part.most) or [self._everyone()]
        if not first.most or not (others or negative):
            return first if first.most else _NOBODY
        by_sets = self._whole and first.most >= UNKNOWN and bool(others)
        asked: list[Probe] = []
        kept: list[Sql] = []
        removed: list[Sql] = []
        for part, yes in [*((part, True) for part in others), *((part, False) for part in negative)]:
            if part.probe is None or (by_sets and yes):
                (kept if yes else removed).append(part.numbers)
            else:
                asked.append(part.probe if yes else _not(part.probe))
        numbers = first.numbers
        if asked:
            test = every([probe("d.n") for probe in asked])
            numbers = Sql(f"SELECT d.n FROM ({numbers.text}) d WHERE {test.text}", (*numbers.params, *test.params))
        for operation, sets in (("INTERSECT", kept), ("EXCEPT", removed)):
            for group in grouped(sets):
                numbers = combined_by(operation, [self._steps.named(numbers), *group])
        probe, nested = _probed([first, *others], negative, every)
        in_order = first.in_order and not kept and not removed
        return Part(numbers, probe, in_order, first.most, nested)


def _probed(
    positive: Sequence[Part], negative: Sequence[Part], joined: Callable[[Sequence[Sql]], Sql]
) -> tuple[Probe | None, int]:
    """How one user is asked about all of them, if that takes point reads alone and is not too deep; and how deep it is."""
    nested = 1 + max(part.nested for part in (*positive, *negative))
    probes = [part.probe for part in positive if part.probe is not None]
    probes += [_not(part.probe) for part in negative if part.probe is not None]
    if nested > DEEPEST_PROBE or len(probes) < len(positive) + len(negative):
        return None, nested
    return lambda column: joined([probe(column) for probe in probes]), nested


def _not(probe: Probe) -> Probe:
    return lambda column: negation(probe(column))


def decided(tenant_id: int, part: Part, by_looking: Sequence[int], matching: Sequence[int]) -> Part:
    """The part, but of some users it is known by a look at them whether they match."""
    if not by_looking:
        return part
    unseen = f"NOT {among('k.n', by_looking)}"
    text = f"SELECT k.n FROM ({part.numbers.text}) k WHERE {unseen}"
    params = part.numbers.params
    if matching:
        seen = "SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0 AND"
        text, params = f"{text} UNION ALL {seen} {among('seq', matching)}", (*params, tenant_id)
    inner = part.probe
    probe: Probe | None = None
    if inner is not None:

        def probe(column: str) -> Sql:
            asked = inner(column)
            return Sql(
                f"(({asked.text}) AND NOT {among(column, by_looking)} OR {among(column, matching)})", asked.params
            )

    most = min(part.most + len(matching), UNKNOWN)
    return Part(Sql(text, params), probe, in_order=False, most=most, nested=part.nested + 1)


def among(column: str, numbers: Sequence[int]) -> str:
    """The user in the column is one of these."""
    # Numbers that storage gave, not a caller's text; there may be more of them than a statement takes parameters.
    listed = ", ".join(map(str, numbers)) or "0"
    return f"({column} IN ({listed}))"


def count_of(found: Sql) -> Sql:
    """How many rows."""
    return Sql(f"SELECT count(*) FROM ({found.text}) c", found.params)


def sizes_of(parts: Sequence[Sql], limit: int) -> Sql:
    """How many users each has, up to a limit."""
    counts = ", ".join(f"(SELECT count(*) FROM (SELECT n FROM ({part.text}) p LIMIT ?) f)" for part in parts)
    return Sql(f"SELECT {counts}", params_of(Sql(part.text, (*part.params, limit)) for part in parts))
