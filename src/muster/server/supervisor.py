"""Serves with one process or several, and tells the operator when all of them answer.

With one worker everything runs in the calling process. With more, the calling process becomes a parent that owns the
listening sockets, forks the workers, starts a dead one again and ends them all. It forks rather than spawns because the
workers then share its imported code and need no picklable factory; that is safe while it has no other thread, which it
checks. Each worker holds one end of a socket pair: it reports on it, and sees it close if the parent dies.
"""

import gc
import logging
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from muster.crypto.certificates import ServerCertificate
from muster.server.app import Build, CannotStart
from muster.server.protocol import Limits
from muster.server.sockets import Listeners
from muster.server.worker import Worker

_log = logging.getLogger("muster.server")

_READY = b"ready"
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

# A worker that lived this long did not die of its start, and is replaced at once.
SETTLED_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# For a worker's application to stop, after its requests have been drained.
STOP_SECONDS = 20.0


def serve(
    build: Build,
    listeners: Listeners,
    certificate: ServerCertificate,
    *,
    workers: int = 1,
    limits: Limits | None = None,
) -> int:
    """Serve the application that `build` makes in each worker until SIGTERM or SIGINT; return the exit code.

    When all workers answer, one line goes to standard output: `muster ready http://HOST:PORT https://HOST:TLSPORT`.
    A start that fails is one line on standard error and exit code 1, which also tells of an end in disorder. Call it in
    the main thread; with several workers no other may run.
    """
    limits = limits or Limits()
    worker = Worker(build, listeners.plain, listeners.tls, certificate, limits)

    def ready() -> None:
        # Other programs wait for this line.
        print(f"muster ready {listeners.plain_url} {listeners.tls_url}", flush=True)  # noqa: T201

    try:
        if workers == 1:
            return worker.run(ready)
        return _Supervisor(worker, workers, limits.drain_seconds + STOP_SECONDS).run(ready)
    except CannotStart as error:
        print(f"muster: {_one_line(error)}", file=sys.stderr, flush=True)  # noqa: T201
        return 1
    finally:
        listeners.close()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@dataclass(slots=True, eq=False)
class _Child:
    pid: int
    channel: socket.socket
    born: float = field(default_factory=time.monotonic)
    ready: bool = False
    failure: str = ""


class _Supervisor:
    """The parent of several workers."""

    def __init__(self, worker: Worker, count: int, stop_seconds: float) -> None:
        self._worker = worker
        self._count = count
        self._stop_seconds = stop_seconds
        self._children: dict[int, _Child] = {}
        self._restarts: list[float] = []
        self._pause = 0.0
        self._started = False
        self._stopping = False
        self._failure: CannotStart | None = None
        self._exit_code = 0
        self._selector = selectors.DefaultSelector()
        self._signals, self._signals_in = socket.socketpair()

    def run(self, ready: Callable[[], None]) -> int:
        """Keep the workers running until a signal; return the exit code."""
        if threading.active_count() > 1:
            raise RuntimeError("workers cannot be forked while other threads run")
        self._catch_signals()
        gc.freeze()
        try:
            for _ in range(self._count):
                self._fork()
            while not self._stopping:
                self._turn()
                if not self._started and self._all_ready():
                    self._started = True
                    ready()
        finally:
            self._end_workers()
            signal.set_wakeup_fd(-1)
            self._close()
        if self._failure is not None:
            raise self._failure
        return self._exit_code

    def _catch_signals(self) -> None:
        self._signals.setblocking(False)
        self._signals_in.setblocking(False)
        signal.set_wakeup_fd(self._signals_in.fileno())
        for number in _HANDLED:
            signal.signal(number, lambda *_: None)  # the wake-up descriptor brings its number
        self._selector.register(self._signals, selectors.EVENT_READ)

    def _close(self) -> None:
        self._selector.close()
        self._signals.close()
        self._signals_in.close()

    def _all_ready(self) -> bool:
        return len(self._children) == self._count and all(child.ready for child in self._children.values())

    def _turn(self, timeout: float | None = None) -> None:
        """Wait for a signal, a word from a worker or the time of a restart, and act on it."""
        if self._restarts:
            timeout = max(0.0, min(self._restarts) - time.monotonic())
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, _Child):
                self._hear(key.data)
            else:
                self._handle_signals()
        now = time.monotonic()
        due = [at for at in self._restarts if at <= now]
        self._restarts = [at for at in self._restarts if at > now]
        for _ in due:
            self._fork()

    def _handle_signals(self) -> None:
        for number in self._signals.recv(256):
            match number:
                case signal.SIGCHLD:
                    self._reap()
                case signal.SIGHUP:
                    self._send(signal.SIGHUP)
                case signal.SIGTERM | signal.SIGINT:
                    self._stopping = True

    def _hear(self, child: _Child) -> None:
        if child.channel.fileno() < 0:  # closed by a signal that was handled in the same turn
            return
        word = child.channel.recv(4096)
        if word == _READY:
            child.ready = True
        elif word:
            child.failure = word.decode(errors="replace")
        else:
            self._hang_up(child)

    def _hang_up(self, child: _Child) -> None:
        if child.channel.fileno() >= 0:
            self._selector.unregister(child.channel)
            child.channel.close()

    def _reap(self) -> None:
        for child in list(self._children.values()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                with suppress(BlockingIOError):  # a process of the worker's own may still hold the other end
                    while child.channel.fileno() >= 0:
                        self._hear(child)
                self._hang_up(child)
                del self._children[pid]
                self._mourn(child, os.waitstatus_to_exitcode(status))

    def _mourn(self, child: _Child, code: int) -> None:
        if self._stopping:
            # Killed by the signal itself: it had not begun to serve.
            if code not in {0, -signal.SIGTERM}:
                self._exit_code = 1
            return
        if not self._started:
            self._failure = CannotStart(child.failure or f"a worker ended while it started (exit code {code})")
            self._stopping = True
            return
        settled = time.monotonic() - child.born > SETTLED_SECONDS
        self._pause = 0.0 if settled else min(max(FIRST_PAUSE_SECONDS, 2 * self._pause), LONGEST_PAUSE_SECONDS)
        self._restarts.append(time.monotonic() + self._pause)
        fields = {"worker": child.pid, "exit_code": code, "failure": child.failure, "restart_seconds": self._pause}
        _log.error("a worker died", extra=fields)

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        # A signal between the fork and the worker's own handlers would be taken for one to the parent.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._become_worker(theirs, mask)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
        self._children[pid] = child = _Child(pid, ours)
        self._selector.register(ours, selectors.EVENT_READ, child)

    def _become_worker(self, parent: socket.socket, mask: set[int | signal.Signals]) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _HANDLED:
                signal.signal(number, signal.SIG_IGN if number == signal.SIGHUP else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            # The parent's ends of the other workers' pairs: held open here, they would hide its death.
            for child in self._children.values():
                child.channel.close()
            self._close()
            code = self._worker.run(lambda: parent.sendall(_READY), parent)
        except CannotStart as error:
            parent.sendall(_one_line(error).encode())
        except BaseException:  # noqa: BLE001 nothing may return into the parent's code
            _log.exception("the worker failed")
        finally:
            logging.shutdown()
            os._exit(code)

    def _send(self, number: signal.Signals) -> None:
        for pid in self._children:
            os.kill(pid, number)

    def _end_workers(self) -> None:
        self._stopping = True
        self._restarts.clear()
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds
        while self._children and (left := deadline - time.monotonic()) > 0:
            self._turn(left)
        for pid in self._children:
            _log.error("a worker did not stop and is killed", extra={"worker": pid})
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._exit_code = 1
