"""What a `q` asks of the core.

Where the vendor is silent: a term without a field is the whole value, without case, of an e-mail, a name, a user name or an id;
two terms without an operator are alternatives. `docs/dialects/auth0.md` lists every such choice.
"""

from collections.abc import Sequence

from muster.core.connections.model import Connection
from muster.core.query import All, Any, Everyone, Exists, Not, Query
from muster.dialects.auth0.search.fields import METADATA, NAMELESS, Searchable, either, field_of
from muster.dialects.auth0.search.grammar import (
    Chain,
    Choice,
    Clause,
    Every,
    Field,
    Negation,
    Node,
    Presence,
    Span,
    Unreadable,
    Word,
    read,
)
from muster.dialects.kit.errors import BadRequest

MOST_BYTES = 4_096
LEAST_LITERALS = 3
"""Characters that a pattern needs besides its wildcards, unless it only says how a value begins."""

MOST_CONDITIONS = 256
"""What all terms together may ask of the core: one without a field asks for six to nine, most others for one."""

NEAR = 20


def parse(q: str, connections: Sequence[Connection]) -> Query:
    """The core's query; `connections` are those that programs can name, needed when `q` asks for identities.

    `BadRequest("invalid_query_string")` points at the character (the first is 1) from which it cannot be read.
    """
    if len(q.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise BadRequest("uri_too_long")
    try:
        return _Meaning(connections).of(read(q))
    except Unreadable as unreadable:
        near = q[unreadable.at : unreadable.at + NEAR].strip() or "the end"
        problem = f"{unreadable.problem} at position {unreadable.at + 1}, near '{near}'"
        message = f"Query validation error: 'Invalid q: {problem}' on property q."
        raise BadRequest("invalid_query_string", message=message) from None


class _Meaning:
    """Trees become queries; they are no deeper than the grammar lets them be."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections
        self._conditions = 0

    def of(self, node: Node) -> Query:
        match node:
            case Clause():
                return self._clause(node)
            case Presence(field):
                return self._exists(field)
            case Chain(parts):
                return All(tuple(self.of(part) for part in parts))
            case Choice(parts):
                return Any(tuple(self.of(part) for part in parts))
            case Negation(part):
                return Not(self.of(part))
            case Every():
                return Everyone()

    def _clause(self, clause: Clause) -> Query:
        field, asked = clause
        meant = _nameless(asked) if field is None else _ask(field_of(field, self._connections), asked)
        self._conditions += _conditions(meant)
        if self._conditions > MOST_CONDITIONS:
            raise Unreadable("the terms up to here ask for too much at once", asked.at)
        return meant

    def _exists(self, field: Field) -> Query:
        """Everyone has identities; a whole metadata document exists when anything is in it."""
        if field.name == "identities":
            return Everyone()
        if field.name in METADATA:
            return Exists(METADATA[field.name])
        return field_of(field, self._connections).exists()


def _conditions(query: Query) -> int:
    match query:
        case All(parts) | Any(parts):
            return sum(map(_conditions, parts))
        case Not(part):
            return _conditions(part)
        case _:
            return 1


def _nameless(asked: Word | Span) -> Query:
    if isinstance(asked, Span):
        raise Unreadable("a range needs a field", asked.at)
    if asked.parts == ("", ""):
        return Everyone()
    return either([_ask(field, asked) for field in NAMELESS])


def _ask(field: Searchable, asked: Word | Span) -> Query:
    if isinstance(asked, Span):
        return field.within(asked) if asked.low is not None or asked.high is not None else field.exists()
    if len(asked.parts) == 1:
        return field.equal(asked)
    literals = sum(map(len, asked.parts))
    only_begins = len(asked.parts) == 2 and not asked.parts[1]
    if not only_begins and literals < LEAST_LITERALS:
        problem = f"a wildcard that is not at the end needs at least {LEAST_LITERALS} literal characters beside it"
        raise Unreadable(problem, asked.at)
    return field.exists() if asked.parts == ("", "") else field.like(asked)
