"""`muster check`: everything a server needs, looked at without starting or changing one."""

import os
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import click

from muster.cli.failures import NOT_STARTED, told
from muster.cli.options import wait_for, with_json, with_settings
from muster.server.metrics import is_running
from muster.settings import OPTIONS, Settings

EPILOG = """\b
Examples:
  muster check
  muster check --data-dir /var/lib/muster --json

\b
Ends with 1 when something is a problem, so that a deployment can stop there. Give it the same options,
environment and muster.toml as the server."""

EXPIRES_SOON = timedelta(days=14)


class Finding(NamedTuple):
    """One thing that was looked at. `text` says what is, and for a problem what to do."""

    name: str
    ok: bool
    text: str


@click.command(epilog=EPILOG)
@with_settings(*OPTIONS)
@with_json
def check(settings: Settings, *, as_json: bool) -> int:
    """Look for what would keep a server from running well."""
    from muster.cli.output import print_json, printable

    findings = wait_for(_findings(settings))
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        width = max(len(finding.name) for finding in findings)
        for name, ok, text in findings:
            click.echo(f"{'ok' if ok else 'problem':<7}  {name:<{width}}  {printable(text)}")
    return 0 if all(finding.ok for finding in findings) else 1


async def _findings(settings: Settings) -> list[Finding]:
    found = [_folder(settings.data_dir)]
    if not found[0].ok:
        return found
    addresses: dict[str, Any] = {}
    async for finding, remembered in _database(settings):
        found.append(finding)
        addresses = remembered or addresses
    return [*found, *_certificates(settings), _ports(settings, addresses)]


def _folder(folder: Path) -> Finding:
    name = "data folder"
    if not folder.is_dir():
        return Finding(name, ok=False, text=f"there is no {folder}; muster serve makes it")
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding(name, ok=False, text=f"{folder} is open to other accounts (mode {mode:04o}); chmod 700 {folder}")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding(name, ok=False, text=f"{folder} cannot be read and written by this account")
    return Finding(name, ok=True, text=str(folder.resolve()))


async def _database(settings: Settings) -> AsyncIterator[tuple[Finding, dict[str, Any] | None]]:
    from muster.core.facts import ADDRESSES, KEY_CHECK
    from muster.crypto.sealing import verify_key_check
    from muster.first_start import recall
    from muster.storage import address, engine_durability, migrator
    from muster.wiring import opened, sealer

    try:
        schema = await migrator.state(settings.database)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the database is what was asked for
        yield Finding("database", ok=False, text=told(error) or str(error)), None
        return
    yield Finding("database", ok=True, text=f"{address.parse(settings.database)} answers"), None
    if schema.applied == 0:
        yield Finding("schema", ok=False, text=NOT_STARTED), None
        return
    if schema.pending:
        yield Finding("schema", ok=False, text=f"lacks {', '.join(schema.pending)}; run muster migrate"), None
        return
    yield Finding("schema", ok=True, text=f"{schema.applied:04} is the newest there is"), None
    try:
        for setting in await engine_durability.durability(settings.database):
            text = setting.value if setting.durable else f"{setting.value}: a power cut can lose answered writes"
            yield Finding(setting.name, setting.durable, text), None
        async with opened(settings) as database:
            yield Finding("tenants", ok=True, text=str(len(await database.store.tenants()))), None
            yield (
                Finding(
                    "master key", *_key(settings, await recall(database.store, KEY_CHECK), sealer, verify_key_check)
                ),
                None,
            )
            addresses = await recall(database.store, ADDRESSES)
            if addresses:
                yield Finding("last start", ok=True, text=_last_start(addresses)), addresses
    except Exception as error:  # noqa: BLE001 - as above
        yield Finding("database", ok=False, text=told(error) or str(error)), None


def _key(settings: Settings, remembered: dict[str, Any], sealer: Any, verify: Any) -> tuple[bool, str]:
    if "seal" not in remembered:
        return False, NOT_STARTED
    try:
        box = sealer(settings)
        verify(box, remembered["seal"])
    except Exception as error:  # noqa: BLE001 - the key may be wrong in any way
        return False, told(error) or str(error)
    return True, f"fits this database (key {box.current})"


def _last_start(addresses: dict[str, Any]) -> str:
    return f"process {addresses['pid']} as {addresses['public_url']}"


def _certificates(settings: Settings) -> list[Finding]:
    from cryptography import x509

    own = settings.tls_cert
    if own:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(own, settings.tls_key or None)
        except OSError as error:
            return [Finding("certificate", ok=False, text=f"{own} and its key cannot be used: {error}")]
    files = [Path(own)] if own else [settings.data_dir / "server.pem", settings.data_dir / "ca.pem"]
    now = datetime.fromtimestamp(time.time(), UTC)
    found = []
    for file in files:
        try:
            certificate = x509.load_pem_x509_certificate(file.read_bytes())
        except OSError as error:
            advice = "look at --tls-cert" if own else "muster serve makes it"
            found.append(Finding("certificate", ok=False, text=f"{file}: {error.strerror}; {advice}"))
            continue
        except ValueError as error:
            found.append(Finding("certificate", ok=False, text=f"{file} is no certificate in PEM: {error}"))
            continue
        end = certificate.not_valid_after_utc
        when = f"{file} is valid until {end:%Y-%m-%d}"
        if not certificate.not_valid_before_utc <= now < end:
            found.append(Finding("certificate", ok=False, text=f"{when}: not now"))
        elif own and end - now < EXPIRES_SOON:
            found.append(Finding("certificate", ok=False, text=f"{when}: renew it, then send the server SIGHUP"))
        else:
            found.append(Finding("certificate", ok=True, text=when))
    return found


def _ports(settings: Settings, addresses: dict[str, Any]) -> Finding:
    """Free, or taken by the very server that was started on this database."""
    from muster.server.app import CannotStart
    from muster.server.sockets import listen

    try:
        listen(settings.host, settings.port, settings.tls_port).close()
    except CannotStart as error:
        ports = (addresses.get("port"), addresses.get("tls_port"))
        if ports == (settings.port, settings.tls_port) and is_running(int(addresses["pid"])):
            return Finding("ports", ok=True, text=f"{ports[0]} and {ports[1]} are those of the running server")
        return Finding("ports", ok=False, text=str(error))
    return Finding("ports", ok=True, text=f"{settings.port} and {settings.tls_port} of {settings.host} are free")
