"""`muster connection`: where people may come from besides this server. What each kind becomes is in `connections.py`."""

from pathlib import Path
from typing import Any

import click

from muster.cli.options import wait_for, with_json, with_settings, with_tenant
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster connection add google staff --client-id ID
  muster connection add saml partner --metadata https://idp.example.com/metadata
  muster connection list
  muster connection remove staff"""

ADD = """\b
Examples:
  muster connection add google staff --client-id 1234.apps.googleusercontent.com
  muster connection add github code --client-id Iv1.0123 --client-secret-file secret.txt
  muster connection add microsoft office --client-id ID --organisation contoso-tenant-id
  muster connection add apple apple --client-id com.example.web --team-id T --key-id K --private-key key.p8
  muster connection add oidc partner --issuer https://id.partner.example --client-id muster
  muster connection add saml partner --metadata metadata.xml
  muster connection add oauth2 forum --client-id muster --authorization-url https://forum.example/authorize \\
      --token-url https://forum.example/token --userinfo-url https://forum.example/me --member sub=id

\b
KIND is google, apple, github, microsoft, oidc, oauth2 or saml; NAME is the connection's own. The secret is asked for
unless a file holds it. What is printed is registered at the provider: the address to come back to, or for SAML our
metadata. Only with --trust-email does an address that the provider calls verified count as proved; for Google,
Apple and GitHub it does without."""

KINDS = ("google", "apple", "github", "microsoft", "oidc", "oauth2", "saml")


@click.group(epilog=EPILOG)
def connection() -> None:
    """List, add and remove the identity providers that people sign in with."""


@connection.command("list")
@with_settings("data_dir", "database_url")
@with_tenant
@with_json
def list_(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """List the connections, oldest first; secrets are not shown."""
    from muster.cli.connections import list_connections
    from muster.cli.output import print_listing

    columns = ("id", "name", "kind", "provider", "usable", "apps")
    print_listing(wait_for(list_connections(settings, tenant)), columns, as_json=as_json, cell=str)


@connection.command(epilog=ADD)
@with_settings("data_dir", "database_url", "outbound_allow")
@with_tenant
@with_json
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@click.argument("name")
@click.option("--display-name", metavar="TEXT", help="What the button says.  [default: NAME]")
@click.option(
    "--apps",
    metavar="LIST",
    default="",
    help="Client ids of the applications that may use it, comma-separated.  [default: all]",
)
@click.option("--client-id", metavar="ID", help="Who we are at the provider.")
@click.option(
    "--client-secret-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with our secret; it is asked for otherwise.",
)
@click.option("--public-client", is_flag=True, help="We have no secret there (oidc, oauth2).")
@click.option("--scopes", metavar="LIST", default="", help="What to ask for, comma-separated.")
@click.option("--trust-email", is_flag=True, help="An address that the provider calls verified counts as proved.")
@click.option(
    "--sign-up",
    type=click.Choice(["tenant", "always", "never"]),
    default="tenant",
    show_default=True,
    help="Whether who comes for the first time gets an account.",
)
@click.option("--issuer", metavar="URL", help="The OpenID provider (oidc).")
@click.option("--organisation", metavar="ID", help="Directory id, or common, organizations or consumers (microsoft).")
@click.option("--host", metavar="NAME", help="A GitHub Enterprise server (github).")
@click.option("--team-id", metavar="ID", help="Of the developer account (apple).")
@click.option("--key-id", metavar="ID", help="Of the private key (apple).")
@click.option(
    "--private-key",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With which secrets are signed (apple).",
)
@click.option("--authorization-url", metavar="URL", help="Where people sign in (oauth2).")
@click.option("--token-url", metavar="URL", help="Where codes are redeemed (oauth2).")
@click.option("--userinfo-url", metavar="URL", help="Who somebody is (oauth2).")
@click.option("--emails-url", metavar="URL", help="Which addresses are proved, listed as GitHub does (oauth2).")
@click.option(
    "--member",
    "members",
    metavar="OURS=THEIRS",
    multiple=True,
    help="What the provider calls a member, e.g. sub=id (oauth2, saml).",
)
@click.option("--metadata", metavar="FILE|URL", help="Of the identity provider (saml).")
@click.option("--unsolicited", is_flag=True, help="Sign-ins may begin at the provider (saml).")
@click.option(
    "--subject", metavar="NAME", default="", help="Attribute that identifies people, instead of the NameID (saml)."
)
@click.option(
    "--audience", metavar="TEXT", default="", help="Our entity id, instead of the address of our metadata (saml)."
)
def add(settings: Settings, tenant: str, *, as_json: bool, **given: Any) -> None:
    """Let people come from a provider of KIND, under NAME, and show what it must be told of us."""
    from muster.cli.connections import ASKS_FOR, NEEDED, NotGiven, add_connection
    from muster.cli.output import print_json, print_pairs

    kind = given["kind"]
    missing = [option for option in NEEDED[kind] if not given[option.replace("-", "_")]]
    if missing:
        raise click.UsageError(f"{kind} needs --{', --'.join(missing)}.", click.get_current_context())
    secret = None
    if kind in ASKS_FOR and not given["public_client"]:
        file = given["client_secret_file"]
        secret = file.read_text().strip() if file is not None else click.prompt("Client secret", hide_input=True)
    try:
        made = wait_for(add_connection(settings, tenant, given, secret))
    except NotGiven as error:
        raise click.UsageError(f"{error}.", click.get_current_context()) from None
    if as_json:
        print_json(made)
    else:
        print_pairs(list(made.items()))


@connection.command()
@with_settings("data_dir", "database_url")
@with_tenant
@click.argument("name")
def remove(settings: Settings, tenant: str, name: str) -> None:
    """Let nobody come by the connection NAME any more; users who came keep their accounts."""
    from muster.cli.connections import remove_connection

    wait_for(remove_connection(settings, tenant, name))
    click.echo(f"removed {name}")
