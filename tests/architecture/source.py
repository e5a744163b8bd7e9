"""The checkout as the house rules see it: files with a path, a text and, for Python, a syntax tree."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

# Where the project is. Whatever else lies in a checkout (an environment, data, a log of this very run) is not ours.
FOLDERS = {".ci", "bench", "contrib", "docs", "lock", "scripts", "src", "tests"}
TOP_LEVEL_SUFFIXES = {"", ".md", ".toml"}
MADE = {"__pycache__", "node_modules"}


@dataclass(frozen=True)
class Source:
    """One file: `path` is relative to the checkout, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def package(self) -> str:
        """`core` for src/muster/core/users/model.py, `` for files directly in src/muster or outside it."""
        parts = self.path.split("/")
        return parts[2] if parts[:2] == ["src", "muster"] and len(parts) > 3 else ""

    @property
    def is_ours(self) -> bool:
        return self.path.startswith("src/muster/") and self.path.endswith(".py")

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of every module imported, wherever in the file."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module or ''}.{alias.name}") for alias in node.names)


def checkout() -> list[Source]:
    """Every text file of the project."""
    found = []
    for folder, folders, names in os.walk(CHECKOUT):
        if Path(folder) == CHECKOUT:
            folders[:] = sorted(FOLDERS & set(folders))
            names = [name for name in names if Path(name).suffix in TOP_LEVEL_SUFFIXES]  # noqa: PLW2901
        else:
            folders[:] = sorted(set(folders) - MADE)
        for name in sorted(names):
            path = Path(folder, name)
            try:
                text = path.read_text("utf-8")
            except (UnicodeDecodeError, OSError):
                continue  # pictures, fonts, and what others may not read
            found.append(Source(path.relative_to(CHECKOUT).as_posix(), text))
    return found
