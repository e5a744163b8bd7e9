"""docs/architecture.md names every part of the program, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.printed import CHECKOUT, page

SOURCE = CHECKOUT / "src" / "muster"
PAGE = page("docs/architecture.md")
OF_EVERY_DIALECT = {
    *("app.py", "access.py", "errors.py", "operation.py", "describe.py", "services.py"),
    *("schema", "resources", "wire"),
}


def names() -> set[str]:
    """What the page writes as code: files and folders, without a last slash."""
    return {name.rstrip("/") for name in re.findall(r"`([\w./]+)`", PAGE)}


def test_every_part_is_named() -> None:
    parts = {path.name for path in SOURCE.iterdir() if not path.name.startswith("_") and path.suffix in ("", ".py")}
    assert parts - names() - {"py.typed", "dialects"} == set()


def test_what_is_named_is_there() -> None:
    files = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py")}
    named = {name for name in names() if name.endswith(".py")}
    unknown = {name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in files)}
    assert unknown == set()
    assert [path for name in OF_EVERY_DIALECT for path in missing(name)] == []


def missing(name: str) -> list[Path]:
    """The dialects that lack a file or folder of this name."""
    folders = [path.parent for path in SOURCE.glob("dialects/*/app.py")]
    assert len(folders) == 5
    return [folder for folder in folders if not (folder / name).exists()]
