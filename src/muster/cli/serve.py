"""`muster serve`: from settings to workers that answer."""

import asyncio
import contextlib
import ipaddress
import logging
import os
import shlex
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from muster.cli.options import with_settings
from muster.settings import OPTIONS, Settings

if TYPE_CHECKING:
    from muster.crypto.certificates import ServerCertificate

EPILOG = """\b
Examples:
  muster serve
      on this machine alone; everything is kept in ./muster-data
  muster serve --host 0.0.0.0 --public-url https://users.example.com --tls-cert chain.pem --tls-key key.pem
      for a network, with your own certificate
  MUSTER_DATABASE_URL=postgresql://muster:...@db/muster MUSTER_MASTER_KEY=... muster serve --workers 4
      on PostgreSQL; the password and the key stay out of the list of processes

\b
When all workers answer, one line is printed on standard output:
  muster ready http://HOST:PORT https://HOST:TLSPORT
SIGTERM lets running requests end and exits with 0. SIGHUP reads the certificate's files again."""


@click.command(epilog=EPILOG)
@with_settings(*OPTIONS)
def serve(settings: Settings) -> int:
    """Run the server.

    The first start makes the database, keys, certificates and an administrator; `muster credentials` shows them.
    """
    # Loaded here: only this command needs the server, and loading takes longer than the others run.
    from muster.crypto.certificates import ServerCertificate
    from muster.first_start import Addresses, make_private_folders, prepare
    from muster.server import logs, supervisor
    from muster.server.app import App
    from muster.server.metrics import Metrics
    from muster.server.protocol import Limits
    from muster.server.sockets import listen
    from muster.storage.address import local_file
    from muster.storage.locks import hold_server_lock
    from muster.web import Web

    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise click.UsageError("--tls-cert and --tls-key belong together.", click.get_current_context())
    logs.configure(settings.log_level)
    os.umask(0o077)
    make_private_folders(settings)
    with contextlib.ExitStack() as stack:
        file = local_file(settings.database)
        if file is not None:
            stack.enter_context(hold_server_lock(file))
        listeners = listen(settings.host, settings.port, settings.tls_port)
        stack.callback(listeners.close)
        own = bool(settings.tls_cert)
        ca_file = "" if own else str((settings.data_dir / "ca.pem").resolve())
        addresses = Addresses(listeners.host, listeners.port, listeners.tls_port, ca_file, os.getpid())
        prepared = asyncio.run(prepare(settings, addresses))
        if own:
            certificate = ServerCertificate(Path(), Path(settings.tls_cert), Path(settings.tls_key))
        else:
            certificate = _local_certificate(settings)
        if prepared.first:
            logging.getLogger("muster.start").info("first start; see: %s", _credentials_command(settings))
        # Workers add up their figures; one alone has nobody to add to.
        shared = settings.workers > 1
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-"))) if shared else None

        async def build() -> App:
            return Web(settings, addresses.port, addresses.tls_port, metrics=Metrics(folder))

        limits = Limits(connections=settings.most_connections)
        return supervisor.serve(build, listeners, certificate, workers=settings.workers, limits=limits)


def _local_certificate(settings: Settings) -> "ServerCertificate":
    from muster.crypto.certificates import ensure_certificate
    from muster.server.app import CannotStart

    try:
        return ensure_certificate(settings.data_dir, certificate_names(settings), time.time_ns() // 1_000_000)
    except ValueError as error:
        raise CannotStart(f"no certificate can be made: {error}") from None


def certificate_names(settings: Settings) -> list[str]:
    """Every name by which clients reach this server, beside those of the machine itself."""
    hosts = [entry.partition("=")[0] for entry in settings.hosts]
    public = urlsplit(settings.public_url).hostname
    names = [settings.host, *([public] if public else []), *(_without_port(host) for host in hosts)]
    return [name for name in names if not _is_wildcard(name)]


def _without_port(host: str) -> str:
    return urlsplit(f"//{host}").hostname or host


def _is_wildcard(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).is_unspecified
    except ValueError:
        return False


def _credentials_command(settings: Settings) -> str:
    return f"muster credentials --data-dir {shlex.quote(str(settings.data_dir))}"
