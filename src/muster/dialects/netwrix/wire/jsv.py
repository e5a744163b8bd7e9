"""JSV, the framework's text form of nested values: JSON without quotation marks, quoted as in CSV where that is needed.

`{UserName:ada,Roles:[user,"a,b"]}`: a text that holds one of `[]{},"` stands in double quotation marks, and each of its own
marks is doubled. There are only texts, lists and objects; whoever reads a member knows its kind.
"""

import re
from typing import Any, Final

from muster.dialects.kit.body import DEEPEST
from muster.dialects.kit.errors import BadRequest

_OPENING: Final = "{["
_TEXT: Final = re.compile(r'[^,\[\]{}"]*')
_BLANKS: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r'[^:,\[\]{}"]*')


def parse_jsv(text: str) -> Any:
    """The value of a text; `BadRequest("not_jsv")` for what is none, "too_deep" beyond the depth that JSON may have.

    Where nothing stands between two commas the value is None.
    """
    reader = _Reader(text)
    value = reader.value(DEEPEST)
    if reader.at != len(text):
        raise BadRequest("not_jsv")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def value(self, levels: int) -> Any:
        """One value, up to what ends it."""
        self._skip_blanks()
        next_ = self._peek()
        if next_ in _OPENING and next_:
            if levels == 0:
                raise BadRequest("too_deep", limit=DEEPEST)
            self.at += 1
            value: Any = self._object(levels - 1) if next_ == "{" else self._list(levels - 1)
            self._skip_blanks()
            return value
        if next_ == '"':
            value = self._quoted()
            self._skip_blanks()
            return value
        return self._until(_TEXT) or None

    def _object(self, levels: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._skip_blanks()
        while self._peek() != "}":
            key = self._quoted() if self._peek() == '"' else self._until(_NAME)
            self._skip_blanks()
            self._take(":")
            found[key] = self.value(levels)
            self._end_of_item("}")
        self._take("}")
        return found

    def _list(self, levels: int) -> list[Any]:
        found: list[Any] = []
        self._skip_blanks()
        while self._peek() != "]":
            found.append(self.value(levels))
            self._end_of_item("]")
        self._take("]")
        return found

    def _end_of_item(self, end: str) -> None:
        if self._peek() != end:
            self._take(",")
            self._skip_blanks()

    def _quoted(self) -> str:
        parts = []
        self.at += 1
        while True:
            end = self._text.find('"', self.at)
            if end < 0:
                raise BadRequest("not_jsv")
            parts.append(self._text[self.at : end])
            self.at = end + 1
            if self._peek() != '"':
                return "".join(parts)
            parts.append('"')
            self.at += 1

    def _until(self, wanted: re.Pattern[str]) -> str:
        found = wanted.match(self._text, self.at)
        assert found is not None, "both patterns take nothing too"
        self.at = found.end()
        if self._peek() in ("{", "[", '"'):
            raise BadRequest("not_jsv")
        return found.group().strip()

    def _skip_blanks(self) -> None:
        found = _BLANKS.match(self._text, self.at)
        self.at = self.at if found is None else found.end()

    def _take(self, wanted: str) -> None:
        if self._peek() != wanted:
            raise BadRequest("not_jsv")
        self.at += 1

    def _peek(self) -> str:
        return self._text[self.at : self.at + 1]
