"""`muster outbox`: messages that were promised and not yet sent."""

import click

from muster.cli.options import wait_for, with_database, with_json
from muster.core.events import Message
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster outbox
  muster outbox --limit 1000 --json

A message waits here until the mail server or the gateway took it (the settings smtp_url and sms_url); without
them it stays. With --json you see its code or link too."""


@click.command(epilog=EPILOG)
@with_database
@with_json
@click.option("--limit", metavar="N", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many.")
def outbox(settings: Settings, *, as_json: bool, limit: int) -> None:
    """List the messages that wait to be sent, oldest first."""
    from muster.cli.output import print_json, print_table, timestamp

    rows = [
        {
            "id": message.id,
            "tenant": tenant,
            "kind": message.kind,
            "to": message.to,
            "due_at": timestamp(message.due_at),
            "attempts": attempts,
            "data": message.data,
        }
        for tenant, attempts, message in wait_for(_waiting(settings, limit))
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            ("due", "kind", "to", "tenant", "tries"),
            [(row["due_at"], row["kind"], row["to"], row["tenant"], row["attempts"]) for row in rows],
        )


async def _waiting(settings: Settings, limit: int) -> list[tuple[str, int, Message]]:
    from muster.cli.tenants import started

    async with started(settings) as database:
        names = {tenant.number: tenant.name for tenant in await database.store.tenants()}
        waiting = await database.store.outbox.waiting(limit)
        return [(names.get(each.tenant_id, "-"), each.attempts, each.message) for each in waiting]
