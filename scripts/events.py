"""Writes docs/events.md from the core's table of event kinds. `make docs` runs it; with `--check` it only says whether it is out of date."""

import sys
from pathlib import Path
from typing import Final

from muster.core.event_kinds import KINDS, EventKind

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "events.md"

OPENING: Final = """\
# Events

Whatever is done leaves an event in the same commit: neither can be there without the other. This page is made by `make docs`
from the table `core/event_kinds.py`; a test walks the source and refuses a kind, or a member, that is not in it.

    muster events tail --follow
    muster events search --user ada@example.com --since 7d
    muster events search --kind sign_in --ip 192.0.2.7 --json

## What an event says

| member | meaning |
|---|---|
| `id` | a UUIDv7 of 32 hex digits, whose first 12 are the time |
| `at` | when, ISO 8601 in UTC with milliseconds |
| `kind` | what happened: `<thing>.<what>`, one of those below |
| `outcome` | `done`; `refused`: somebody wanted it and did not get it; `failed`: Muster wanted it and could not |
| `user_id` | whom it is about, if anybody |
| `actor` | who did it: `kind` is `user`, `client` (a program), `operator` or `system`; with an `id`, and the `door`: the API or tool |
| `client` | the application it happened for, or that called |
| `ip`, `user_agent` | where it came from |
| `request_id` | the call it was part of, as in the server's log and the header `x-request-id` |
| `data` | what else there is to say, as below; never a secret |

A refusal is kept although nothing else of the act is: its event is a commit of its own. `user_id` is empty where a sign-in named nobody
we know. The kinds `call.…` are of an API that keeps a log of its own calls, reads included, and are told under its own names.

## How long they stay

For ever, unless `events_keep_days` says otherwise: a log is what people turn to when something went wrong months ago, and what
throws it away should be a decision of whoever runs the server. With a number of days, older events are deleted in small steps in
the background, sealed, delivered or not. Deleting a user does not delete what happened; `muster events search --user` with the
id finds it.

## Every kind
"""

CHAPTERS: Final = {
    "People coming in": ("sign_in", "sign_up", "recovery", "browser", "ticket", "invitation"),
    "Sessions, applications and tokens": (
        *("session", "sessions", "code", "device", "client", "token", "consent", "grants"),
    ),
    "Users": ("user", "address", "operator"),
    "Second factors and passkeys": ("factor", "passkey"),
    "Messages and webhooks": ("message", "webhook"),
    "Organisations and groups": ("organization", "group"),
    "How a tenant is set up": (
        *("settings", "connection", "app", "api", "client_grant", "redirect_url", "api_key", "signing_key", "hub_role"),
    ),
    "Long work": ("job",),
}
"""Which things each chapter tells of. One that is in none would be missing from the page, which `page` refuses."""


def page() -> str:
    """The whole page."""
    text, told = OPENING, 0
    for title, things in CHAPTERS.items():
        rows = [row for thing in things for row in KINDS.values() if row.kind.partition(".")[0] == thing]
        told += len(rows)
        if rows:
            text += f"\n### {title}\n\n| kind | what happened | data |\n|---|---|---|\n{''.join(map(_row, rows))}"
    if told != len(KINDS):
        known = {thing for things in CHAPTERS.values() for thing in things}
        raise LookupError(f"in no chapter: {[kind for kind in KINDS if kind.partition('.')[0] not in known]}")
    return text


def _row(row: EventKind) -> str:
    outcome = "" if row.outcome == "done" else f" *({row.outcome})*"
    return f"| `{row.kind}` | {row.sentence}{outcome} | {', '.join(f'`{name}`' for name in row.data)} |\n"


def main() -> int:
    """Write the page, or with `--check` compare it."""
    wanted = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{PAGE.name} is out of date: run make docs", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
