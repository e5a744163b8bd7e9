"""`muster app`: the applications that send people here to sign in."""

from typing import Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster app create "My shop" --redirect-uri https://shop.example.com/callback
  muster app create "My app" --type native --redirect-uri http://127.0.0.1/callback
  muster app list
  muster app delete ID"""

CREATE = """\b
Examples:
  muster app create "My shop" --redirect-uri https://shop.example.com/callback \\
      --logout-uri https://shop.example.com/
  muster app create "My page" --type spa --redirect-uri http://localhost:3000/
  muster app create "My app" --type native --redirect-uri com.example.app:/callback
  muster app create "nightly job" --type machine

\b
web      runs on a server and has a secret
spa      runs in the browser; no secret, PKCE instead
native   runs on a device; no secret, PKCE instead, and the device grant. A redirect URI at
         http://127.0.0.1 or http://[::1] is good with any port
machine  acts by itself and signs nobody in

\b
Redirect URIs are compared character by character. The secret is shown here and never again."""

WHY = {
    "not_absolute": "is no absolute URI; write it whole, with its scheme",
    "characters": "holds a blank, a control character or another that no URI may hold; percent-encode it",
    "scheme": "has a scheme that browsers run instead of going there",
    "fragment": "has a fragment (#…), which a redirect URI may not have",
    "user": "holds a user name (…@), which hides where it leads",
    "plain_http": "is plain http to another machine, where anybody on the way can read the code; use https",
}


@click.group(epilog=EPILOG)
def app() -> None:
    """List, show, create and delete applications: programs that send people here to sign in."""


@app.command("list")
@with_database
@with_tenant
@with_json
def list_(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """List the applications, oldest first."""
    from muster.cli.output import print_listing

    columns = ("client_id", "name", "first_party", "redirect_uris", "created_at")
    print_listing(wait_for(_list(settings, tenant)), columns, as_json=as_json, cell=_cell)


@app.command()
@with_database
@with_tenant
@with_json
@click.argument("id_", metavar="ID")
def show(settings: Settings, tenant: str, *, as_json: bool, id_: str) -> None:
    """Show the application ID; its secret is not shown."""
    _print(wait_for(_show(settings, tenant, id_)), as_json=as_json)


@app.command(epilog=CREATE)
@with_database
@with_tenant
@with_json
@click.argument("name")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["web", "spa", "native", "machine"]),
    default="web",
    show_default=True,
    help="What it is.",
)
@click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI", help="Where people come back to.")
@click.option("--logout-uri", "logout_uris", multiple=True, metavar="URI", help="Where they may go after signing out.")
@click.option(
    "--backchannel-logout-uri", metavar="URI", default="", help="Which address is told of the end of sessions."
)
@click.option(
    "--signing-alg",
    type=click.Choice(["RS256", "ES256", "EdDSA"]),
    default="RS256",
    show_default=True,
    help="How its tokens are signed.",
)
@click.option("--third-party", is_flag=True, help="Belongs to somebody else: people are asked what it may have.")
def create(settings: Settings, tenant: str, *, as_json: bool, third_party: bool, **given: Any) -> None:
    """Register an application called NAME and show its id and secret."""
    from muster.core.apps.registration import Wanted

    wanted = Wanted(first_party=not third_party, **given)
    _print(wait_for(_create(settings, tenant, wanted)), as_json=as_json)


@app.command()
@with_database
@with_tenant
@click.argument("id_", metavar="ID")
def delete(settings: Settings, tenant: str, id_: str) -> None:
    """Delete the application ID: nobody can sign in to it any more."""
    wait_for(_delete(settings, tenant, id_))
    click.echo(f"deleted {id_}")


def _print(shown: dict[str, Any], *, as_json: bool) -> None:
    from muster.cli.output import print_json, print_pairs

    if as_json:
        print_json(shown)
    else:
        print_pairs([(name, _cell(value)) for name, value in shown.items()])


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, list) else value


async def _list(settings: Settings, tenant_name: str) -> list[dict[str, Any]]:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.apps.actions import list_apps

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        return [_row(app) for app in await list_apps(database.store, tenant.number, operator())]


async def _show(settings: Settings, tenant_name: str, app_id: str) -> dict[str, Any]:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.apps.actions import read_app

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        found = await read_app(database.store, tenant.number, operator(), app_id)
        return {**_row(found), "issuer": await _issuer(database.store, tenant.name)}


async def _create(settings: Settings, tenant_name: str, wanted: Any) -> dict[str, Any]:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.apps.actions import create_app
    from muster.core.apps.registration import register
    from muster.core.errors import Invalid
    from muster.first_start import master_key

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        try:
            new, secret = register(wanted, await master_key(settings, database))
        except Invalid as refused:
            raise click.UsageError(_problem(refused), click.get_current_context()) from None
        made = await database.runner.run(tenant.number, operator(), create_app, new)
        shown = {"client_id": made.id, "client_secret": secret, "issuer": await _issuer(database.store, tenant.name)}
        return {**shown, **{name: value for name, value in _row(made).items() if name not in shown}}


async def _delete(settings: Settings, tenant_name: str, app_id: str) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.apps.actions import delete_app

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        await database.runner.run(tenant.number, operator(), delete_app, app_id)


async def _issuer(store: Any, tenant_name: str) -> str | None:
    """What the tenant's tokens name; None until a server was started that the tenant is reached at."""
    from muster.core.facts import ADDRESSES
    from muster.first_start import recall

    found = (await recall(store, ADDRESSES)).get("tenants", {}).get(tenant_name)
    return None if found is None else str(found)


def _row(app: Any) -> dict[str, Any]:
    from muster.cli.output import timestamp

    return {
        "client_id": app.id,
        "name": app.name,
        "first_party": app.first_party,
        "authentication": app.authentication,
        "signing_alg": app.signing_alg,
        "grant_types": app.grant_types,
        "redirect_uris": app.redirect_uris,
        "logout_uris": app.post_logout_uris,
        "backchannel_logout_uri": app.backchannel_logout_uri or None,
        "created_at": timestamp(app.created_at),
    }


def _problem(refused: Any) -> str:
    if refused.code == "redirect_uri":
        return f"{refused.detail['uri']} {WHY[refused.detail['why']]}."
    if refused.code == "machine_address":
        return "A machine signs nobody in and has no addresses."
    return "Where people come back to is missing: --redirect-uri."
