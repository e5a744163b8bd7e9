"""`muster settings`: how a tenant's people come in, and what the pages look like."""

from typing import Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster settings show
  muster settings set branding.name="Example Ltd" branding.colour=#0a7d5c
  muster settings set rules.second_factor=required sign_up.enabled=false
  muster settings set session.lifetime=null --tenant acme

\b
A value is read as JSON, and as text if it is none. Times are milliseconds. A running server follows at once."""


@click.group("settings", epilog=EPILOG)
def settings_group() -> None:
    """Show and change how a tenant's people come in, and what the pages look like."""


@settings_group.command("show")
@with_database
@with_tenant
@with_json
def show(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """Show every setting with its value."""
    _print(wait_for(_change(settings, tenant, {})), as_json=as_json)


@settings_group.command("set")
@with_database
@with_tenant
@with_json
@click.argument("pairs", metavar="NAME=VALUE", nargs=-1, required=True)
def set_(settings: Settings, tenant: str, *, as_json: bool, pairs: tuple[str, ...]) -> None:
    """Change some of them, all or none."""
    _print(wait_for(_change(settings, tenant, dict(map(_pair, pairs)))), as_json=as_json)


def _pair(text: str) -> tuple[str, Any]:
    import json

    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text} is no NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


async def _change(settings: Settings, tenant: str, values: dict[str, Any]) -> dict[str, Any]:
    import difflib

    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.errors import Invalid
    from muster.core.settings.actions import sign_in_settings, update_settings
    from muster.core.settings.changing import as_document, flat, with_values

    async with started(settings) as database:
        tenant_id = (await tenant_named(database.store, tenant)).number
        if not values:
            return as_document(await sign_in_settings(database.store, tenant_id))
        try:
            changed = await database.runner.run(
                tenant_id, operator(), update_settings, lambda before: with_values(before, values)
            )
        except Invalid as refused:
            name = str(refused.detail["name"])
            if refused.code == "setting_value":
                raise click.UsageError(f"{name}: {refused.detail['why']}.") from None
            known = [each for each, _ in flat(as_document(await sign_in_settings(database.store, tenant_id)))]
            near = difflib.get_close_matches(name, known, n=1)
            raise click.UsageError(
                f"There is no setting {name}." + (f" Did you mean {near[0]}?" if near else "")
            ) from None
        return as_document(changed)


def _print(document: dict[str, Any], *, as_json: bool) -> None:
    import json

    from muster.cli.output import print_json, print_pairs
    from muster.core.settings.changing import flat

    if as_json:
        print_json(document)
    else:
        print_pairs([(name, json.dumps(value, ensure_ascii=False)) for name, value in flat(document)])
