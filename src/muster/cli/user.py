"""`muster user`: the users of a tenant, by whatever id is at hand."""

import secrets
import sys
from typing import Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster user list --limit 20
  muster user show ada@example.com
  muster user reset-password auth0|01a1fdf6d1f4713780b0c74e2244effe
  muster user reset-password --internal admin

\b
USER is an e-mail address, a user name, or an id: a UUID, its 32 digits, or auth0|..."""

CREATE = """\b
Examples:
  muster user create --email ada@example.com
      a password is made and shown once
  pass ada | muster user create --email ada@example.com --username ada --password-stdin

\b
Passwords are never taken from the command line, which every account of the machine can read."""

RESET = """\b
Examples:
  muster user reset-password ada@example.com
      a password is made and shown once
  pass ada | muster user reset-password ada@example.com --password-stdin
  muster user reset-password --internal admin
      an operator's own account

Locks after wrong passwords are lifted too."""

GENERATED_BYTES = 15

with_connection = click.option("--connection", metavar="NAME", help="Which connection, when there are several.")
with_password = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group(epilog=EPILOG)
def user() -> None:
    """List, show, create and delete users; reset a password."""


@user.command("list")
@with_database
@with_tenant
@with_json
@click.option("--limit", metavar="N", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@click.option("--offset", metavar="N", type=click.IntRange(0), default=0, help="How many to leave out first.")
@click.option("--email", metavar="ADDRESS", help="Only those who have this address.")
def list_(
    settings: Settings,
    tenant: str,
    *,
    as_json: bool,
    limit: int,
    offset: int,
    email: str | None,
) -> None:
    """List users, oldest first."""
    from muster.cli import users
    from muster.cli.output import print_json, print_table

    rows, total = wait_for(users.page(settings, tenant, offset, limit, email))
    if as_json:
        print_json(rows)
        return
    print_table(
        ("id", "email", "username", "name", "connection", "created_at"),
        [(r["id"], r["email"], r["username"], r["name"], r["connection"], r["created_at"]) for r in rows],
    )
    if len(rows) < total:
        click.echo(f"{len(rows):,} of {total:,}; more with --offset {offset + len(rows)}", err=True)


@user.command(epilog=EPILOG)
@with_database
@with_tenant
@with_json
@with_connection
@click.argument("user")
def show(settings: Settings, tenant: str, *, as_json: bool, connection: str | None, user: str) -> None:
    """Show USER, without passwords and secrets."""
    from muster.cli import users
    from muster.cli.output import print_json, print_pairs

    found = wait_for(users.show(settings, tenant, connection, user))
    if as_json:
        print_json(found)
    else:
        print_pairs(found.items())


@user.command(epilog=CREATE)
@with_database
@with_tenant
@with_json
@with_connection
@with_password
@click.option("--email", metavar="ADDRESS", help="E-mail address.")
@click.option("--verified", is_flag=True, help="The address is known to be theirs.")
@click.option("--username", metavar="NAME", help="Name to sign in with.")
@click.option("--name", metavar="TEXT", help="Full name.")
def create(
    settings: Settings,
    tenant: str,
    *,
    as_json: bool,
    connection: str | None,
    password_stdin: bool,
    **given: Any,
) -> None:
    """Make a user with an e-mail address, a user name, or both."""
    from muster.cli import users
    from muster.cli.output import print_json, print_pairs

    if not given["email"] and not given["username"]:
        raise click.UsageError("Give --email, --username or both.", click.get_current_context())
    password, generated = _password(read=password_stdin)
    made = wait_for(users.create(settings, tenant, connection, password, **given))
    if generated:
        made["password"] = password
    if as_json:
        print_json(made)
    else:
        print_pairs(made.items())


@user.command()
@with_database
@with_tenant
@with_connection
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("user")
def delete(settings: Settings, tenant: str, connection: str | None, *, yes: bool, user: str) -> None:
    """Delete USER and all that is theirs, for good."""
    from muster.cli import users

    found = wait_for(users.show(settings, tenant, connection, user))
    label = found["email"] or found["username"] or found["id"]
    if not yes and not click.confirm(f"Delete {label} for good?", err=True):
        raise click.ClickException("nothing was deleted")
    wait_for(users.delete(settings, tenant, found["id"]))
    click.echo(f"deleted {label}")


@user.command("reset-password", epilog=RESET)
@with_database
@with_tenant
@with_json
@with_connection
@with_password
@click.option("--internal", is_flag=True, help="An operator's own account, such as admin.")
@click.argument("user")
def reset_password(
    settings: Settings,
    tenant: str,
    *,
    as_json: bool,
    connection: str | None,
    password_stdin: bool,
    internal: bool,
    user: str,
) -> None:
    """Give USER a new password, which is made and shown unless it is read."""
    from muster.cli import users
    from muster.cli.output import print_json

    password, generated = _password(read=password_stdin)
    id_ = wait_for(users.reset_password(settings, tenant, connection, user, password, internal=internal))
    if as_json:
        print_json({"id": id_, "password": password if generated else None})
    elif generated:
        click.echo(password)
    else:
        click.echo(f"changed the password of {user}")


def _password(*, read: bool) -> tuple[str, bool]:
    """The password on standard input without its line end, or a new one; and whether it is new."""
    from muster.core.tenants.actions import SHORTEST_PASSWORD

    if not read:
        return secrets.token_urlsafe(GENERATED_BYTES), True
    try:
        password = sys.stdin.buffer.readline(65_536).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.ClickException("the password is not text in UTF-8") from None
    if len(password) < SHORTEST_PASSWORD:
        raise click.ClickException(f"a password has at least {SHORTEST_PASSWORD} characters")
    return password, False
