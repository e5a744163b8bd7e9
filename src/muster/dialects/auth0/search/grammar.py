"""How a `q` is written: its text as a tree, every part with its place. What the words mean is no matter here.

    search   := choice { "OR" choice }          one of them
    choice   := chain { chain }                 without an operator: one of them too, but see `_choice` about signs
    chain    := part { "AND" part }             all of them
    part     := { "NOT" | "!" | "-" | "+" } ( clause | "(" search ")" )
    clause   := [ field ":" ] ( word | "phrase" | range | "(" search ")" ) | "_exists_:" field | "*:*"
    range    := ( "[" | "{" ) end "TO" end ( "]" | "}" )

`&&` is `AND`, `||` is `OR`. A backslash takes the next character as it is. A word goes on to the next blank, bracket or quote,
so that addresses, times, ids and negative numbers after a field need no quotes.
"""

import re
from typing import NamedTuple

MOST_CLAUSES = 64
MOST_DEPTH = 32
MOST_WILDCARDS = 16
"""In one term."""


class Unreadable(Exception):
    """What is wrong with a `q`, and the number of characters before it."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem, at)
        self.problem = problem
        self.at = at


class Word(NamedTuple):
    """A value: the literal texts around its wildcards (one text when there is none), and whether it stood in quotes."""

    parts: tuple[str, ...]
    quoted: bool
    at: int

    @property
    def text(self) -> str:
        """The value of a word without wildcards."""
        return self.parts[0]


class Span(NamedTuple):
    """A range; an open end is None."""

    low: Word | None
    high: Word | None
    low_included: bool
    high_included: bool
    at: int


class Field(NamedTuple):
    """A field's name, cut at its dots."""

    path: tuple[str, ...]
    at: int

    @property
    def name(self) -> str:
        return ".".join(self.path)


class Clause(NamedTuple):
    """One thing that is asked, of a field or (None) of all that have names."""

    field: Field | None
    asked: Word | Span


class Presence(NamedTuple):
    """`_exists_:field`: the field has a value."""

    field: Field


class Every(NamedTuple):
    """`*:*`: what is true of everyone."""


class Chain(NamedTuple):
    """All of these."""

    parts: tuple["Node", ...]


class Choice(NamedTuple):
    """At least one of these."""

    parts: tuple["Node", ...]


class Negation(NamedTuple):
    """Not this."""

    part: "Node"


Node = Clause | Presence | Every | Chain | Choice | Negation


class _Signed(NamedTuple):
    """A part of a choice, with `+` (demanded), `-` (excluded) or nothing before it."""

    sign: str
    node: Node


_BLANKS = " \t\n\r\f\v\u3000"
_BLANK = re.compile(f"[{_BLANKS}]*")
_RAW = re.compile(rf'(?:[^{_BLANKS}"()\[\]{{}}^~?\\]|\\.)+', re.DOTALL)
_FIELD = re.compile(rf'((?:[^{_BLANKS}"()\[\]{{}}^~?\\:]|\\.)+):', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_END_OF_RANGE = re.compile(rf'(?:[^{_BLANKS}"\[\]{{}}\\]|\\.)+', re.DOTALL)
_TO = re.compile(rf"[{_BLANKS}]+TO(?=[{_BLANKS}])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PIECES = re.compile(r"[^*\\]+|\\.|\*+", re.DOTALL)
_DOTS = re.compile(r"(?:[^.\\]|\\.)*", re.DOTALL)

_EXISTS = "_exists_"
_OPERATORS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}

_WHY = {
    "?": "the wildcard '?' is not supported",
    "~": "'~' is not supported; a backslash before it takes it as it is",
    "^": "'^' is not supported; a backslash before it takes it as it is",
    "/": "regular expressions are not supported; a backslash before '/' takes it as it is",
    "\\": "nothing follows the backslash",
}


def read(q: str) -> Node:
    """The tree of a search. `Unreadable` points at the first character that fits no rule, or that goes over a limit."""
    reader = _Reader(q)
    tree = reader.search(None, 0)
    if reader.at < len(q):
        raise Unreadable("unexpected ')'", reader.at)
    return tree


class _Reader:
    """Reads from left to right. Every method that reads something leaves `at` behind it and behind the blanks after it."""

    def __init__(self, q: str) -> None:
        self.q = q
        self.at = 0
        self._clauses = 0
        self._skip_blanks()

    def search(self, field: Field | None, depth: int) -> Node:
        """To the end of the text, or to the bracket that closes."""
        choices = [self._choice(field, depth)]
        while self._operator() == "OR":
            self._skip_operator()
            choices.append(self._choice(field, depth))
        return _any(choices)

    def _choice(self, field: Field | None, depth: int) -> Node:
        """Chains without an operator between them: any of them will do.

        With signs, all that have `+` are demanded and none that has `-`, `!` or `NOT` is wanted; others then matter only
        when nothing is demanded.
        """
        found = [self._chain(field, depth)]
        while not self._ended() and self._operator() != "OR":
            found.append(self._chain(field, depth))
        excluded = [Negation(node) for sign, node in found if sign == "-"]
        wanted = [node for sign, node in found if sign == "+"]
        if not wanted:
            free = [node for sign, node in found if not sign]
            wanted = [_any(free)] if free else []
        return _all([*wanted, *excluded])

    def _chain(self, field: Field | None, depth: int) -> _Signed:
        parts = [self._part(field, depth)]
        while self._operator() == "AND":
            self._skip_operator()
            parts.append(self._part(field, depth))
        if len(parts) == 1:
            return parts[0]
        return _Signed("", _all([Negation(node) if sign == "-" else node for sign, node in parts]))

    def _part(self, field: Field | None, depth: int) -> _Signed:
        demanded = excluded = False
        while True:
            if self._operator() == "NOT":
                self._skip_operator()
                excluded = not excluded
            elif self._peek() in ("!", "-"):
                self._take(1)
                excluded = not excluded
            elif self._peek() == "+":
                self._take(1)
                demanded = True
            else:
                break
        sign = "-" if excluded else "+" if demanded else ""
        operator = self._operator()
        if operator is not None:
            raise Unreadable(f"'{operator}' stands where a term is expected", self.at)
        if self._peek() == "(":
            return _Signed(sign, self._bracketed(field, depth))
        return _Signed(sign, self._clause(field, depth))

    def _bracketed(self, field: Field | None, depth: int) -> Node:
        opened = self.at
        if depth == MOST_DEPTH:
            raise Unreadable(f"nested more than {MOST_DEPTH} deep", opened)
        self._take(1)
        inner = self.search(field, depth + 1)
        if self._peek() != ")":
            raise Unreadable("unclosed '('", opened)
        self._take(1)
        if self._peek() in ("~", "^"):
            raise self._unexpected()
        return inner

    def _clause(self, group: Field | None, depth: int) -> Node:
        """Within a field's group every word is a value, whatever colons it holds."""
        if group is not None or self._peek() == "/":
            return self._asked(group)
        if self.q.startswith("*:*", self.at):
            self._count()
            self._take(3)
            self._must_be_apart()
            return Every()
        named = _FIELD.match(self.q, self.at)
        if named is None:
            return self._asked(None)
        if len(_around_stars(named[1])) > 1:
            raise Unreadable("a field's name has no wildcards", self.at)
        field = Field(_path(named[1]), self.at)
        self._take(len(named[0]))
        if field.path == (_EXISTS,):
            return self._presence()
        if self._peek() == "(":
            return self._bracketed(field, depth)
        if self._operator() is not None:
            raise Unreadable("an operator stands where a value is expected", self.at)
        if self._peek() in ("<", ">"):
            raise Unreadable("a comparison is written as a range, [5 TO *]", self.at)
        return self._asked(field)

    def _presence(self) -> Presence:
        self._count()
        raw = _QUOTED.match(self.q, self.at) or _RAW.match(self.q, self.at)
        if raw is None or self._peek() == ":":
            raise self._unexpected()
        name = raw[raw.lastindex or 0]
        if len(_around_stars(name)) > 1 or self._operator() is not None:
            raise Unreadable(f"{_EXISTS} takes the name of a field", self.at)
        field = Field(_path(name), self.at)
        self._take(len(raw[0]))
        self._must_be_apart()
        return Presence(field)

    def _asked(self, field: Field | None) -> Clause:
        self._count()
        first = self._peek()
        asked: Word | Span
        if first == '"':
            asked = self._phrase()
        elif first in ("[", "{"):
            asked = self._span()
        else:
            asked = self._word()
        self._must_be_apart()
        return Clause(field, asked)

    def _must_be_apart(self) -> None:
        if not self._ended() and self.q[self.at - 1] not in _BLANKS:
            raise self._unexpected()

    def _word(self) -> Word:
        found = _RAW.match(self.q, self.at)
        if found is None or self._peek() in (":", "/"):
            raise self._unexpected()
        word = Word(_around_stars(found[0]), quoted=False, at=self.at)
        if len(word.parts) > MOST_WILDCARDS + 1:
            raise Unreadable(f"more than {MOST_WILDCARDS} wildcards in one term", self.at)
        self._take(len(found[0]))
        return word

    def _phrase(self) -> Word:
        found = _QUOTED.match(self.q, self.at)
        if found is None:
            raise Unreadable("unclosed quote", self.at)
        phrase = Word((_plain(found[1]),), quoted=True, at=self.at)
        self._take(len(found[0]))
        return phrase

    def _span(self) -> Span:
        opened = self.at
        self._take(1)
        low = self._end_of_span()
        between = _TO.match(self.q, self.at)
        if between is None:
            raise Unreadable("a range needs TO between its ends", self.at)
        self._take(len(between[0]))
        high = self._end_of_span()
        self._skip_blanks()
        if self._peek() not in ("]", "}"):
            raise Unreadable("unclosed range", opened)
        span = Span(low, high, self.q[opened] == "[", self.q[self.at] == "]", opened)
        self._take(1)
        return span

    def _end_of_span(self) -> Word | None:
        """Stays before the blanks after it: they belong to TO."""
        at = self.at
        quoted = _QUOTED.match(self.q, at)
        found = quoted or _END_OF_RANGE.match(self.q, at)
        if found is None:
            raise Unreadable("a range needs two ends", at)
        self.at = found.end()
        if quoted is not None:
            return Word((_plain(quoted[1]),), quoted=True, at=at)
        parts = _around_stars(found[0])
        if found[0] == "*":
            return None
        if len(parts) > 1:
            raise Unreadable("an end of a range has no wildcards", at)
        return Word(parts, quoted=False, at=at)

    def _operator(self) -> str | None:
        found = _RAW.match(self.q, self.at)
        return _OPERATORS.get(found[0]) if found is not None else None

    def _skip_operator(self) -> None:
        found = _RAW.match(self.q, self.at)
        self._take(len(found[0]) if found is not None else 0)

    def _ended(self) -> bool:
        return self._peek() in ("", ")")

    def _peek(self) -> str:
        return self.q[self.at : self.at + 1]

    def _take(self, characters: int) -> None:
        self.at += characters
        self._skip_blanks()

    def _skip_blanks(self) -> None:
        found = _BLANK.match(self.q, self.at)
        self.at = found.end() if found is not None else self.at

    def _count(self) -> None:
        self._clauses += 1
        if self._clauses > MOST_CLAUSES:
            raise Unreadable(f"more than {MOST_CLAUSES} terms", self.at)

    def _unexpected(self) -> Unreadable:
        character = self._peek()
        if not character:
            return Unreadable("a term is missing", self.at)
        return Unreadable(_WHY.get(character, f"unexpected '{character}'"), self.at)


def _all(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Chain(tuple(parts))


def _any(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Choice(tuple(parts))


def _plain(raw: str) -> str:
    return _ESCAPED.sub(r"\1", raw)


def _around_stars(raw: str) -> tuple[str, ...]:
    """The literal texts before, between and after the wildcards; stars in a row are one."""
    texts = [""]
    for piece in _PIECES.findall(raw):
        if piece.startswith("*"):
            texts.append("")
        else:
            texts[-1] += piece.removeprefix("\\")
    return tuple(texts)


def _path(raw: str) -> tuple[str, ...]:
    """A field's name cut at the dots that have no backslash before them."""
    names, at = [], 0
    while True:
        found = _DOTS.match(raw, at)
        end = found.end() if found is not None else len(raw)
        names.append(_plain(raw[at:end]))
        if end >= len(raw):
            return tuple(names)
        at = end + 1
