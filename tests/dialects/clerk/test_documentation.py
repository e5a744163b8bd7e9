"""The page about this dialect says what there is."""

from __future__ import annotations

import re
from pathlib import Path

from muster.dialects.clerk import app

PAGE = Path(__file__).parents[3] / "docs" / "dialects" / "clerk.md"


def test_the_table_of_what_works_is_the_routes() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/\S+)` \| (works|not yet) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    works = {(method, _anonymous(path)) for method, path, state in rows if state == "works"}
    assert works == {(route.method, _anonymous(route.path)) for route in app.BACKEND}
    assert len(rows) == len({(method, _anonymous(path)) for method, path, _ in rows})


def _anonymous(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)
