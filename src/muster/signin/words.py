"""Every text of the pages by its name, in the languages that there are: one file each in `texts/`, and one in `texts/account/`.

A tenant's own texts come first. In either, `{name}` stands for a value and nothing else is special; what comes out is plain
text, which the templates escape.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

FALLBACK: Final = "en"

_FOLDER: Final = Path(__file__).parent / "texts"
_VALUE: Final = re.compile(r"\{(\w+)\}")
_RANGE: Final = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
_MOST_RANGES: Final = 20


class Words:
    """The texts of one language, called with a name and the values that stand in it."""

    def __init__(self, language: str, own: Mapping[str, str] | None = None) -> None:
        self.language = language
        self._texts = texts_of(language)
        self._own = own or {}

    def __call__(self, name: str, /, **values: object) -> str:
        """The text with its values put in. A name that there is not is a fault of ours, and `KeyError`."""
        text = self._own.get(name) or self._texts[name]
        if "{" not in text:
            return text
        return _VALUE.sub(lambda found: str(values.get(found[1], found[0])), text)

    def has(self, name: str) -> bool:
        """Whether there is a text of that name."""
        return name in self._texts


def languages() -> Sequence[str]:
    """The languages that there are, by their codes (BCP 47), English first."""
    return _languages()


@cache
def texts_of(language: str) -> Mapping[str, str]:
    """The texts of a language, by their whole names (`sign_in.title`)."""
    texts: dict[str, str] = {}
    for folder in (_FOLDER, _FOLDER / "account"):
        with (folder / f"{language}.toml").open("rb") as file:
            texts.update(_flat(tomllib.load(file)))
    return texts


def choose(wanted: Iterable[str], accept: str, usual: str) -> str:
    """The first of the `wanted` languages that there is, else the best of an `Accept-Language` (RFC 9110 section 12.5.4), else
    the `usual` one. `de-AT` finds `de`.
    """
    for language in wanted:
        found = _known(language)
        if found:
            return found
    return _accepted(accept) or _known(usual) or FALLBACK


def _accepted(accept: str) -> str | None:
    best, weight = None, 0.0
    for part in accept.split(",")[:_MOST_RANGES]:
        found = _RANGE.fullmatch(part)
        language = _known(found[1]) if found else None
        given = float(found[2]) if found and found[2] else 1.0
        if language and given > weight:
            best, weight = language, given
    return best


def _known(language: str) -> str | None:
    primary = language.partition("-")[0].lower()
    return primary if primary in _languages() else None


@cache
def _languages() -> tuple[str, ...]:
    found = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    return (FALLBACK, *(language for language in found if language != FALLBACK))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, str):
            yield prefix + name, value
        else:
            yield from _flat(value, f"{prefix}{name}.")
