"""`muster credentials`: what a program needs to use this server."""

from typing import Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster credentials
  muster credentials --json | jq -r .auth0.client_secret
  export SSL_CERT_FILE=$(muster credentials --json | jq -r .ca_file)

The first password is null once it was changed."""


@click.command(epilog=EPILOG)
@with_database
@with_tenant
@with_json
def credentials(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """Show the addresses, keys and first password of a server that was started."""
    from muster.cli.output import print_json, print_pairs

    found = wait_for(find_credentials(settings, tenant))
    if as_json:
        print_json(found)
        return
    pairs = [("database", _shown(settings)), ("issuer", found["issuer"]), ("ca_file", found["ca_file"])]
    for part, members in found.items():
        if isinstance(members, dict):
            pairs += [(f"{part}.{name}", value) for name, value in members.items()]
    print_pairs(pairs)


def _shown(settings: Settings) -> str:
    from muster.storage import address

    return str(address.parse(settings.database))


async def find_credentials(settings: Settings, tenant_name: str) -> dict[str, Any]:
    """What each dialect's programs need to reach this tenant, and the first password while it still holds."""
    from muster.cli.failures import NOT_STARTED
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.connections.model import DEFAULT_NAME
    from muster.core.facts import ADDRESSES
    from muster.core.tenants.first_password import FIRST_OPERATOR
    from muster.dialects.auth0 import furnish as auth0
    from muster.dialects.auth0.access import audience
    from muster.dialects.clerk import furnish as clerk
    from muster.dialects.kit.call import Site
    from muster.dialects.mattr import furnish as mattr
    from muster.dialects.monocloud import furnish as monocloud
    from muster.first_start import ADMIN_EMAIL, first_password, master_key, recall

    async with started(settings) as database:
        addresses = await recall(database.store, ADDRESSES)
        if not addresses:
            raise click.ClickException(NOT_STARTED)
        tenant = await tenant_named(database.store, tenant_name)
        box = await master_key(settings, database)
        # As the server was started, whatever this command's own settings say.
        url = addresses["tenants"].get(tenant.name)
        if url is None:
            raise click.ClickException(
                f"tenant {tenant.name} has no address yet; start the server with --hosts users.example.com={tenant.name}"
            )
        site = Site(tenant.number, url)
        client = await database.runner.run(tenant.number, operator(), auth0.management_client, box)
        secret_key = await database.runner.run(tenant.number, operator(), clerk.first_key, box)
        api_key = await database.runner.run(tenant.number, operator(), monocloud.first_key, box)
        issuer_client = await database.runner.run(tenant.number, operator(), mattr.first_client, box)
        password = await first_password(database.store, tenant.number, box)
    roots = _roots(addresses, url)
    return {
        "issuer": site.public_url,
        "ca_file": addresses["ca_file"] or None,
        "auth0": {
            "domain": site.public_url.partition("://")[2].rstrip("/"),
            "audience": audience(site),
            "client_id": client.client_id if client is not None else None,
            "client_secret": client.client_secret if client is not None else None,
            "connection": DEFAULT_NAME,
        },
        "clerk": {
            "base_url": f"{roots['clerk']}/v1",
            "secret_key": secret_key,
            "publishable_key": clerk.publishable_key(site),
        },
        "monocloud": {"domain": roots["monocloud"], "api_key": api_key},
        "mattr": {
            "tenant_url": roots["mattr"],
            "auth_url": roots["mattr"],
            "audience": site.public_url.rstrip("/"),
            "client_id": issuer_client.client_id if issuer_client is not None else None,
            "client_secret": issuer_client.client_secret if issuer_client is not None else None,
        },
        "netwrix": {"base_url": f"{roots['netwrix']}/api", "username": FIRST_OPERATOR, "password": password},
        "admin": {"email": ADMIN_EMAIL, "password": password},
    }


def _roots(addresses: dict[str, Any], url: str) -> dict[str, str]:
    """What stands before each dialect's native paths: this machine's plain port, or the address of a tenant with its own host."""
    if url == addresses["public_url"]:
        plain = f"http://{addresses['host']}:{addresses['port']}"
        return {"clerk": plain, "monocloud": url.rstrip("/"), "mattr": plain, "netwrix": f"{plain}/netwrix"}
    # A host may be bound to one dialect alone, where the prefixes of the others still lead to them.
    return {name: f"{url}{name}" for name in ("clerk", "monocloud", "mattr", "netwrix")}
