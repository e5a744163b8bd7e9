"""`muster events`: what happened, as it happens or looked up."""

import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.events import Event

T = TypeVar("T")

EPILOG = """\b
Examples:
  muster events tail --follow
  muster events search --user ada@example.com --since 7d
  muster events search --kind sign_in --ip 192.0.2.7 --json

\b
What every kind says is in docs/events.md. --json prints one event a line."""

KIND_HELP: Final = "Only this kind (user.created), or every kind of a thing (sign_in). May be repeated."
USER_HELP: Final = "Only about this user: an e-mail address, a user name or an id; the id also of one who was deleted."
MOMENT_HELP: Final = "2026-05-01, 2026-05-01T12:00 (UTC unless it says otherwise), or 90m, 12h, 7d ago."

_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}

_with_user = click.option("--user", "about", metavar="USER", help=USER_HELP)


def _kinds(ctx: click.Context, _: click.Parameter, names: Sequence[str]) -> tuple[str, ...]:
    from difflib import get_close_matches

    from muster.core.event_kinds import KINDS, kinds_named

    kinds: dict[str, None] = {}
    for name in names:
        found = kinds_named(name)
        if not found:
            things = [kind.partition(".")[0] for kind in KINDS]
            near = get_close_matches(name, [*KINDS, *things], n=1)
            ctx.fail(f"There is no kind {name}." + (f" Did you mean {near[0]}?" if near else ""))
        kinds |= dict.fromkeys(found)
    return tuple(kinds)


_with_kinds = click.option("--kind", "kinds", metavar="KIND", multiple=True, callback=_kinds, help=KIND_HELP)


def _moment(ctx: click.Context, option: click.Parameter, given: str | None) -> int | None:
    """A moment in ms UTC."""
    if given is None:
        return None
    ago = _AGO.fullmatch(given)
    try:
        if ago is not None:
            return round((datetime.now(UTC).timestamp() - int(ago[1]) * _SECONDS[ago[2]]) * 1000)
        at = datetime.fromisoformat(given)
        return max(0, round((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, OverflowError):
        ctx.fail(f"{option.opts[0]}: {given} is no moment; write {MOMENT_HELP}")


@click.group(epilog=EPILOG)
def events() -> None:
    """Follow what happens, or look up what happened."""


@events.command()
@with_database
@with_tenant
@with_json
@_with_user
@_with_kinds
@click.option("--limit", metavar="N", type=click.IntRange(0, 1000), default=20, show_default=True, help="Past ones.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now on, until interrupted.")
def tail(
    settings: Settings,
    tenant: str,
    *,
    as_json: bool,
    about: str | None,
    kinds: tuple[str, ...],
    limit: int,
    follow: bool,
) -> None:
    """Print the last events, oldest first."""
    from muster.cli import event_log

    show = _show_line(as_json=as_json)
    wait_for(event_log.tail(settings, tenant, event_log.Wanted(about=about, kinds=kinds), limit, show, follow=follow))


@events.command()
@with_database
@with_tenant
@with_json
@_with_user
@_with_kinds
@click.option("--since", metavar="WHEN", callback=_moment, help=MOMENT_HELP)
@click.option("--until", metavar="WHEN", callback=_moment, help="Up to then, as above.")
@click.option("--client", metavar="ID", help="Only for this application, or through this program's key.")
@click.option("--ip", metavar="ADDRESS", help="Only from this network address.")
@click.option("--limit", metavar="N", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many.")
def search(settings: Settings, tenant: str, *, as_json: bool, limit: int, **asked: Any) -> None:
    """Print the events that match all that is asked for, newest first."""
    from muster.cli import event_log

    show = _show_line(as_json=as_json)
    wait_for(event_log.search(settings, tenant, event_log.Wanted(**asked), limit, show))


def _show_line(*, as_json: bool) -> "Callable[[Event], None]":
    """Prints one event at once: whoever follows must not wait for a buffer to fill."""
    import msgspec

    from muster.cli.event_log import row
    from muster.cli.output import printable

    def show(event: "Event") -> None:
        told = row(event)
        if as_json:
            sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        else:
            sys.stdout.write(printable(_readable(told)) + "\n")
        sys.stdout.flush()

    return show


def _readable(told: dict[str, Any]) -> str:
    """One event in columns of fixed width, so that lines which come one by one stand under each other."""
    actor = told["actor"]
    who = told["user_id"] or "-"
    by = actor["kind"] if actor["id"] in ("", told["user_id"], actor["kind"]) else f"{actor['kind']}:{actor['id']}"
    rest = {"client": told["client"], "ip": told["ip"], **told["data"]}
    details = " ".join(f"{name}={_short(value)}" for name, value in rest.items() if value not in (None, ""))
    line = f"{told['at']}  {told['kind']:<26} {told['outcome']:<8} {who:<32}  {by} via {actor['door']}  {details}"
    return line.rstrip(" ")


def _short(value: Any) -> str:
    return value if isinstance(value, str) else ",".join(map(str, value)) if isinstance(value, list) else str(value)
