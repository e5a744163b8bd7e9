"""How a `filter` is written, as a tree. What the words mean is no matter here.

    filter := all { "OR" all }                          any of them
    all    := part { "AND" part }                       all of them
    part   := { "NOT" | "!" | "-" | "+" } ( clause | "(" filter ")" )
    clause := [ field ":" ] ( word | "phrase" | range | "(" filter ")" )
    range  := ( "[" | "{" ) end "TO" end ( "]" | "}" )  |  ( ">" | ">=" | "<" | "<=" ) word

Parts with a blank between them and no operator are alternatives, as in Lucene. `&&` is `AND`, `||` is `OR`; a backslash takes the
next character as it is; `*` stands for any text. An end of `*` is open.
"""

import re
from typing import NamedTuple

from muster.dialects.kit.errors import BadRequest

LONGEST = 4_096
MOST_CLAUSES = 64
DEEPEST = 32


class Word(NamedTuple):
    """A value: the texts around its `*` (one when there is none), and whether it stood in quotes."""

    parts: tuple[str, ...]
    quoted: bool = False


class Span(NamedTuple):
    """A range; an open end is None."""

    low: Word | None
    high: Word | None
    low_included: bool
    high_included: bool


class Clause(NamedTuple):
    """One thing that is asked, of a field or (None) of whatever names somebody."""

    field: str | None
    asked: Word | Span


class Every(NamedTuple):
    """All of these."""

    parts: tuple["Node", ...]


class Either(NamedTuple):
    """At least one of these."""

    parts: tuple["Node", ...]


class Negation(NamedTuple):
    """Not this."""

    part: "Node"


Node = Clause | Every | Either | Negation

_BLANK = re.compile(r"\s*")
_FIELD = re.compile(r'((?:[^\s"()\[\]{}:\\]|\\.)+):')
_WORD = re.compile(r'(?:[^\s"()\[\]{}\\]|\\.)+')
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PIECES = re.compile(r"[^*\\]+|\\.|\*+", re.DOTALL)
_COMPARED = re.compile(r"(>=|<=|>|<)(?=[^\s])")
_TO = re.compile(r"\s+TO\s+")
_OPERATORS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}


def read(text: str) -> Node:
    """The tree of a filter; `BadRequest("filter")` says what is wrong with it and where."""
    if len(text) > LONGEST:
        raise BadRequest("filter", message=f"filter may have at most {LONGEST} characters.")
    reader = _Reader(text)
    tree = reader.filter(None, 0)
    if reader.at < len(text):
        raise reader.wrong("unexpected character")
    return tree


class _Reader:
    """Reads from left to right; `at` is always behind the blanks after what was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._clauses = 0
        self._skip(0)

    def wrong(self, what: str) -> BadRequest:
        return BadRequest("filter", message=f"filter: {what} at position {self.at}.")

    def filter(self, field: str | None, depth: int) -> Node:
        if depth > DEEPEST:
            raise self.wrong(f"more than {DEEPEST} brackets within each other")
        found = [self._all(field, depth)]
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self._operator() == "OR":
                self._skip(2)
            found.append(self._all(field, depth))
        return found[0] if len(found) == 1 else Either(tuple(found))

    def _all(self, field: str | None, depth: int) -> Node:
        found = [self._part(field, depth)]
        while self._operator() == "AND":
            self._skip(len("AND") if self.text.startswith("AND", self.at) else 2)
            found.append(self._part(field, depth))
        return found[0] if len(found) == 1 else Every(tuple(found))

    def _part(self, field: str | None, depth: int) -> Node:
        is_not = False
        while True:
            if self._operator() == "NOT":
                self._skip(3)
                is_not = not is_not
            elif self._peek() in ("!", "-"):
                self._skip(1)
                is_not = not is_not
            elif self._peek() == "+":
                self._skip(1)
            else:
                break
        if self._operator() is not None or self.at >= len(self.text):
            raise self.wrong("a value is missing")
        node = self._brackets(field, depth) if self._peek() == "(" else self._clause(field, depth)
        return Negation(node) if is_not else node

    def _brackets(self, field: str | None, depth: int) -> Node:
        self._skip(1)
        inner = self.filter(field, depth + 1)
        if self._peek() != ")":
            raise self.wrong("a closing bracket is missing")
        self._skip(1)
        return inner

    def _clause(self, group: str | None, depth: int) -> Node:
        field = group
        match = _FIELD.match(self.text, self.at) if group is None else None
        if match is not None:
            field = match[1]
            self._skip(len(match[0]))
            if self._peek() == "(":
                return self._brackets(field, depth)
        self._clauses += 1
        if self._clauses > MOST_CLAUSES:
            raise self.wrong(f"more than {MOST_CLAUSES} conditions")
        return Clause(field, self._asked())

    def _asked(self) -> Word | Span:
        opening = self._peek()
        if opening in ("[", "{"):
            return self._range(opening)
        compared = _COMPARED.match(self.text, self.at)
        if compared is None:
            return self._word()
        self._skip(len(compared[0]))
        end, included = self._word(), compared[1].endswith("=")
        if compared[1].startswith(">"):
            return Span(end, None, included, high_included=True)
        return Span(None, end, low_included=True, high_included=included)

    def _range(self, opening: str) -> Span:
        self._skip(1)
        low = self._end()
        between = _TO.match(self.text, self.at)
        if between is None:
            raise self.wrong("TO is missing in a range")
        self.at = between.end()
        high = self._end()
        self._skip(0)
        closing = self._peek()
        if closing not in ("]", "}"):
            raise self.wrong("a range is not closed")
        self._skip(1)
        return Span(low, high, opening == "[", closing == "]")

    def _end(self) -> Word | None:
        """An end of a range; the blanks after it stay, since TO is known by them."""
        word = self._word(skip=False)
        return None if word == Word(("", "")) else word

    def _word(self, *, skip: bool = True) -> Word:
        phrase = _PHRASE.match(self.text, self.at)
        match = phrase or _WORD.match(self.text, self.at)
        if match is None:
            raise self.wrong("a value is missing")
        self.at = match.end()
        if skip:
            self._skip(0)
        if phrase is not None:
            return Word((re.sub(r"\\(.)", r"\1", phrase[1], flags=re.DOTALL),), quoted=True)
        parts = [""]
        for piece in _PIECES.findall(match[0]):
            if piece.startswith("*"):
                parts.append("")
            else:
                parts[-1] += piece.removeprefix("\\")
        return Word(tuple(parts))

    def _operator(self) -> str | None:
        for text, operator in _OPERATORS.items():
            after = self.at + len(text)
            if self.text.startswith(text, self.at) and (
                not text.isalpha() or after == len(self.text) or self.text[after].isspace() or self.text[after] == "("
            ):
                return operator
        return None

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip(self, length: int) -> None:
        blank = _BLANK.match(self.text, self.at + length)
        self.at = blank.end() if blank is not None else self.at + length
