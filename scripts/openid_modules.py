"""Writes docs/openid-modules.md: which modules of the OpenID conformance suite hold here, from the very checks that the tests run.

`make docs` runs it; with `--check` it only says whether the page is out of date.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.oidc.modules import PLANS
from tests.oidc.test_modules import CHECKS

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "openid-modules.md"

OPENING: Final = """\
# The OpenID conformance suite's modules

Each module of these plans of the OpenID Foundation's conformance suite is a check of Muster's own, under the suite's name for it, in
[tests/oidc/test_modules.py](../tests/oidc/test_modules.py). `make test` runs them all, so what is listed here holds. This is no
certification: the suite itself was not run, and what it only warns of is not told.

Not offered, and said so by discovery: request objects, the parameter `claims`, unsigned ID tokens, and every response type but `code`.
"""


def page() -> str:
    """The page as it should be."""
    return "\n".join([OPENING, *_plans()])


def _plans() -> Iterator[str]:
    for plan, names in PLANS.items():
        yield f"## {plan}: {len(names)} of {len(names)} hold\n"
        if plan.startswith("Form Post"):
            yield "The modules of Basic once more, each answered by `response_mode=form_post`.\n"
            continue
        yield "| module | what is checked |"
        yield "|---|---|"
        for name in names:
            yield f"| `{name}` | {_says(name)} |"
        yield ""


def _says(name: str) -> str:
    told = inspect.getdoc(CHECKS[name])
    assert told is not None, f"the check of {name} says nothing"
    return told


def main() -> int:
    """Write the page, or say that it is out of date."""
    wanted = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, "utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text("utf-8") == wanted:
        return 0
    print(f"{PAGE.relative_to(PAGE.parent.parent)} is out of date; make docs writes it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
