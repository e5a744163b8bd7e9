"""One process that serves: an event loop, the application's life in it, and the signals that end it.

SIGTERM and SIGINT stop accepting, let running requests end (`Limits.drain_seconds`), stop the application and return.
SIGHUP reads the certificate's files again; new connections get the new certificate.
"""

import asyncio
import gc
import logging
import resource
import signal
import socket
import ssl
from collections.abc import Callable

import uvloop

from muster.crypto.certificates import ServerCertificate
from muster.server.app import App, Build, CannotStart
from muster.server.connections import Connections
from muster.server.protocol import Limits

_log = logging.getLogger("muster.server")

# Files, the database and outgoing connections, beside the peers'.
OWN_DESCRIPTORS = 512


class Worker:
    """Serves the application that `build` makes on two listening sockets, plain HTTP and TLS."""

    def __init__(
        self,
        build: Build,
        plain_socket: socket.socket,
        tls_socket: socket.socket,
        certificate: ServerCertificate,
        limits: Limits,
    ) -> None:
        self._build = build
        self._plain_socket = plain_socket
        self._tls_socket = tls_socket
        self._certificate = certificate
        self._limits = limits

    def run(self, ready: Callable[[], None], parent: socket.socket | None = None) -> int:
        """Serve until a signal, or until `parent`'s other end is closed; `ready` is called when requests are answered.

        Returns the exit code: 1 if the application failed to stop. Raises `CannotStart` if that point is never reached.
        """
        _allow_descriptors(2 * self._limits.connections + OWN_DESCRIPTORS)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._serve(ready, parent))

    async def _serve(self, ready: Callable[[], None], parent: socket.socket | None) -> int:
        loop = asyncio.get_running_loop()
        tls = _tls_context(self._certificate)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload_certificate, tls)
        if parent is not None:
            loop.add_reader(parent, _orphaned, loop, parent, stop)
        app = await self._start_app(stop)
        if app is None:
            return 0
        try:
            connections = Connections(app, self._limits)
            await connections.accept(self._plain_socket)
            await connections.accept(self._tls_socket, tls)
            _spare_the_collector()
            ready()
            await stop.wait()
            _log.info("stopping")
            await connections.drain()
        finally:
            stopped = await _stop_app(app)
        return 0 if stopped else 1

    async def _start_app(self, stop: asyncio.Event) -> App | None:
        """The started application; None if the process is asked to stop before it has started."""

        async def start() -> App:
            app = await self._build()
            await app.start()
            return app

        starting = asyncio.ensure_future(start())
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not starting.done():
            starting.cancel()
            await asyncio.wait((starting,))
        if starting.cancelled():
            return None
        try:
            return starting.result()
        except CannotStart:
            raise
        except Exception as error:
            _log.debug("the application did not start", exc_info=error)
            raise CannotStart(f"{type(error).__name__}: {error}") from error

    def _reload_certificate(self, tls: ssl.SSLContext) -> None:
        try:
            # Tried apart: a certificate loaded without its key would break the context in use.
            _tls_context(self._certificate)
        except CannotStart as error:
            _log.error("kept the old certificate: %s", error)
            return
        tls.load_cert_chain(self._certificate.cert_file, self._certificate.key_file)
        _log.info("read the certificate again")


async def _stop_app(app: App) -> bool:
    try:
        await app.stop()
    except Exception:  # noqa: BLE001 whatever it was, the process ends now and its exit code tells
        _log.exception("the application failed to stop")
        return False
    return True


def _spare_the_collector() -> None:
    """What start-up made lives as long as the process, and a request's objects die with it: neither is worth looking through.

    Cycles are still found, only later: a collection of the young every 20,000 objects instead of every 700.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _tls_context(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate.cert_file, certificate.key_file)
    except OSError as error:
        raise CannotStart(f"{certificate.cert_file} and {certificate.key_file} cannot be used: {error}") from error
    return context


def _orphaned(loop: asyncio.AbstractEventLoop, parent: socket.socket, stop: asyncio.Event) -> None:
    loop.remove_reader(parent)
    _log.error("the parent process is gone")
    stop.set()


def _allow_descriptors(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        _log.warning(
            "too few open files allowed for the cap on connections", extra={"wanted": wanted, "allowed": allowed}
        )
