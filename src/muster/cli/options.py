"""The options that commands share, and how a command gets its settings from them."""

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from muster.settings import OPTIONS, SettingsError, load_here
from muster.storage import address

T = TypeVar("T")

DATABASE = ("data_dir", "database_url")
"""The options that every command takes."""


def setting(name: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """The flag of one setting. What it may hold is the table's business, so that every source is checked alike."""
    option = OPTIONS[name]
    default = option.default
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        metavar=_METAVARS.get(name, "TEXT"),
        help=option.metadata["help"] + (f"  [default: {shown}]" if shown and shown != "0" else ""),
    )


_METAVARS = {
    "data_dir": "DIR",
    "database_url": "URL",
    "host": "ADDRESS",
    "port": "PORT",
    "tls_port": "PORT",
    "public_url": "URL",
    "workers": "N",
    "hosts": "LIST",
    "tls_cert": "FILE",
    "tls_key": "FILE",
    "trusted_proxies": "LIST",
    "master_key_file": "FILE",
    "breached_passwords": "FILE",
    "rate_limits": "off|vendor",
    "sign_ins_per_second": "N",
    "most_results": "N",
    "smtp_url": "URL",
    "mail_from": "ADDRESS",
    "sms_url": "URL",
    "sms_method": "METHOD",
    "sms_headers": "LINES",
    "sms_body": "TEXT",
    "outbound_allow": "LIST",
    "xmlsec1": "FILE",
    "dev_outbox": "on|off",
    "events_keep_days": "N",
    "most_connections": "N",
    "log_level": "LEVEL",
    "access_log": "on|off",
}


def with_settings(*names: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command the flags of these settings and `--config`, and call it with the `Settings` in force first."""

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        @functools.wraps(command)
        def called(*args: Any, **given: Any) -> T:
            # What goes wrong is told once, by the command; serve has a log of its own.
            logging.getLogger("muster").addHandler(logging.NullHandler())
            flags = {name: given.pop(name) for name in (*names, "config")}
            try:
                settings = load_here(flags, lambda text: click.echo(f"muster: warning: {text}", err=True))
                address.parse(settings.database)
            except (SettingsError, ValueError) as error:
                text = str(error)
                stop = "" if text.endswith(("?", ".")) else "."
                raise click.UsageError(text + stop, click.get_current_context()) from None
            return command(settings, *args, **given)

        decorated: Callable[..., T] = click.option(
            "--config", metavar="FILE", help="File of settings.  [default: muster.toml here, if there is one]"
        )(called)
        for name in reversed(names):
            decorated = setting(name)(decorated)
        return decorated

    return decorate


def with_database(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options that every command takes, and call it with the `Settings` in force first."""
    return with_settings(*DATABASE)(command)


with_tenant = click.option("--tenant", metavar="NAME", default="default", show_default=True, help="Whose users.")
with_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part."""
    return asyncio.run(work)
