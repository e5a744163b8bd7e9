"""Figures for Prometheus, counted in each worker and added up by whichever worker is asked.

Workers share nothing, so each leaves a snapshot of its figures in a folder that the parent made: at most once a second, and
before it shows a page. A page is the sum of all of them, and a worker that died goes on counting, so no counter ever falls.
"""

import os
import platform
import secrets
import time
from asyncio import get_running_loop
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from muster import __version__

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds; a bucket without one follows them."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"

SAVE_SECONDS: Final = 1.0

Labels = tuple[str, str, str, int]
"""Dialect, method, route pattern and status."""


class Snapshot(msgspec.Struct):
    """One worker's figures. `requests` holds the labels, the sum of seconds, and the count of each bucket."""

    pid: int
    cpu_seconds: float
    requests: list[tuple[Labels, float, list[int]]]
    gauges: dict[str, float]


class Metrics:
    """The figures of one worker. `folder` is where all workers of a server meet; None for a worker that is alone."""

    def __init__(self, folder: Path | None = None) -> None:
        self._requests: dict[Labels, list[float]] = {}
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._folder = folder
        self._file = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json" if folder is not None else None
        self._save_soon = False

    def answered(self, dialect: str, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer. `route` is a pattern such as `/users/{id}`, never a path: there must be few of them."""
        key = (dialect, method if method in METHODS else OTHER, route, status)
        figures = self._requests.get(key)
        if figures is None:
            figures = self._requests[key] = [0.0] * (len(BUCKETS) + 2)
        figures[0] += seconds
        figures[bisect_left(BUCKETS, seconds) + 1] += 1
        if not self._save_soon and self._file is not None:
            self._save_soon = True
            get_running_loop().call_later(SAVE_SECONDS, self.save)

    def watch(self, name: str, help_: str, read: Callable[[], float]) -> None:
        """Show what `read` answers as a gauge, added up over the living workers."""
        self._gauges[name] = (help_, read)

    def save(self) -> None:
        """Leave a snapshot for the other workers, whole or not at all."""
        self._save_soon = False
        if self._file is None:
            return
        draft = self._file.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(self._snapshot()))
        draft.replace(self._file)

    def page(self, *, ready: bool = True) -> tuple[bytes, bytes]:
        """Everything in Prometheus' text format, and its media type."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

        # What is shown of this worker must be there for the others when it dies.
        self.save()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Page(self, ready=ready))
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4.encode()

    def _snapshot(self) -> Snapshot:
        cpu = os.times()
        requests = [(key, sum_, [int(n) for n in counts]) for key, (sum_, *counts) in self._requests.items()]
        gauges = {name: read() for name, (_, read) in self._gauges.items()}
        return Snapshot(os.getpid(), cpu.user + cpu.system, requests, gauges)

    def snapshots(self) -> list[Snapshot]:
        """Every worker's figures, its own as they are now."""
        others = [] if self._folder is None else [file for file in self._folder.glob("*.json") if file != self._file]
        return [self._snapshot(), *(msgspec.json.decode(file.read_bytes(), type=Snapshot) for file in others)]

    def gauges(self) -> Iterable[tuple[str, str]]:
        """Name and meaning of what is watched."""
        return [(name, help_) for name, (help_, _) in self._gauges.items()]


class _Page:
    """What `prometheus_client` collects: the metrics of all workers together."""

    def __init__(self, metrics: Metrics, *, ready: bool) -> None:
        self._metrics = metrics
        self._ready = ready

    def collect(self) -> Iterator["Metric"]:
        from prometheus_client.metrics_core import GaugeMetricFamily

        snapshots = self._metrics.snapshots()
        living = [snapshot for snapshot in snapshots if is_running(snapshot.pid)]
        yield from _requests(snapshots)
        for name, help_ in self._metrics.gauges():
            yield GaugeMetricFamily(name, help_, sum(s.gauges.get(name, 0.0) for s in living))
        yield GaugeMetricFamily("muster_ready", "1 when the database answers this worker.", float(self._ready))
        yield GaugeMetricFamily("muster_workers", "Worker processes that live.", len(living))
        build = GaugeMetricFamily("muster_build_info", "What is running.", labels=("version", "python"))
        build.add_metric((__version__, platform.python_version()), 1)
        yield build
        yield from _processes(snapshots, living)


def _requests(snapshots: Iterable[Snapshot]) -> Iterator["Metric"]:
    from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily

    answers: dict[Labels, int] = defaultdict(int)
    times: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0] * (len(BUCKETS) + 2))
    for snapshot in snapshots:
        for labels, sum_, counts in snapshot.requests:
            answers[labels] += sum(counts)
            total = times[labels[:3]]
            for place, value in enumerate((sum_, *counts)):
                total[place] += value
    counter = CounterMetricFamily(
        "muster_requests", "Answered requests.", labels=("dialect", "method", "route", "status")
    )
    for (dialect, method, route, status), count in answers.items():
        counter.add_metric((dialect, method, route, str(status)), count)
    yield counter
    histogram = HistogramMetricFamily(
        "muster_request_seconds", "From the head of a request to its answer.", labels=("dialect", "method", "route")
    )
    bounds = [*(str(bound) for bound in BUCKETS), "+Inf"]
    for key, (seconds, *buckets) in times.items():
        histogram.add_metric(key, list(zip(bounds, accumulate(buckets), strict=True)), seconds)
    yield histogram


def _processes(snapshots: Iterable[Snapshot], living: Iterable[Snapshot]) -> Iterator["Metric"]:
    """The workers' own use of the machine, under the names that every Prometheus client gives it."""
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    cpu = sum(snapshot.cpu_seconds for snapshot in snapshots)
    yield CounterMetricFamily("process_cpu_seconds", "Processor time of all workers, in seconds.", cpu)
    page = os.sysconf("SC_PAGE_SIZE")
    memory = descriptors = 0
    for snapshot in living:
        try:
            process = Path("/proc", str(snapshot.pid))
            memory += int((process / "statm").read_text().split()[1]) * page
            descriptors += sum(1 for _ in (process / "fd").iterdir())
        except OSError:
            continue  # it has just ended, or this system has no /proc
    if memory:
        yield GaugeMetricFamily(
            "process_resident_memory_bytes", "Memory of all workers; shared pages more than once.", memory
        )
        yield GaugeMetricFamily("process_open_fds", "Open files and sockets of all workers.", descriptors)
    yield GaugeMetricFamily("process_start_time_seconds", "When the server began, in seconds since 1970.", _STARTED)


_STARTED: Final = time.time()


def is_running(pid: int) -> bool:
    """Whether there is a process of this number, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
