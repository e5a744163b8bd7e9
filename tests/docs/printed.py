"""What a page shows for its reader to type or run, and a shell that types it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.process import PATIENCE

CHECKOUT = Path(__file__).resolve().parents[2]


def page(name: str) -> str:
    """The text of a page of the checkout."""
    return (CHECKOUT / name).read_text("utf-8")


def blocks(language: str, text: str) -> list[str]:
    """The fenced blocks in that language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(block: str) -> list[str]:
    """The lines that are to be typed."""
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def typed(lines: Sequence[str], cwd: Path, surroundings: Mapping[str, str], sent: str = "") -> str:
    """What one shell prints when these lines are typed into it one after the other."""
    script = "\n".join(["set -e", *lines])
    answer = subprocess.run(
        ["sh", "-c", script],
        cwd=cwd,
        env=surroundings,
        input=sent,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout
