from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from muster.server.metrics import Metrics, Snapshot

ROUTE = "/api/v2/users/{id}"


def samples(page: tuple[bytes, bytes]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page[0].decode())
        for sample in family.samples
    }


def requests(page: tuple[bytes, bytes]) -> dict[tuple[str, str, str, str], float]:
    """Dialect, method, route and status of every counted answer."""
    return {
        (labels["dialect"], labels["method"], labels["route"], labels["status"]): value
        for (name, pairs), value in samples(page).items()
        if name == "muster_requests_total" and (labels := dict(pairs))
    }


def test_answers_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics()
    for method, status in [("GET", 200), ("GET", 200), ("GET", 404), ("BREW", 404), ("BREAK", 404)]:
        metrics.answered("auth0", method, ROUTE, status, 0.002)

    assert requests(metrics.page()) == {
        ("auth0", "GET", ROUTE, "200"): 2,
        ("auth0", "GET", ROUTE, "404"): 1,
        ("auth0", "other", ROUTE, "404"): 2,
    }
    assert metrics.page()[1] == b"text/plain; version=0.0.4; charset=utf-8"


def test_times_fall_into_buckets_whatever_the_status() -> None:
    metrics = Metrics()
    for status, seconds in [(200, 0.001), (200, 0.004), (500, 0.3), (200, 60.0)]:
        metrics.answered("auth0", "GET", ROUTE, status, seconds)

    found = samples(metrics.page())
    labels = (("dialect", "auth0"), ("method", "GET"), ("route", ROUTE))
    buckets = {
        dict(pairs)["le"]: value for (name, pairs), value in found.items() if name == "muster_request_seconds_bucket"
    }
    assert buckets == {
        "0.001": 1,
        "0.0025": 1,
        "0.005": 2,
        "0.01": 2,
        "0.025": 2,
        "0.05": 2,
        "0.1": 2,
        "0.25": 2,
        "0.5": 3,
        "1.0": 3,
        "2.5": 3,
        "10.0": 3,
        "+Inf": 4,
    }
    assert found["muster_request_seconds_count", labels] == 4
    assert found["muster_request_seconds_sum", labels] == pytest.approx(60.305)


def test_the_server_tells_of_itself() -> None:
    metrics = Metrics()
    metrics.watch("muster_hashing_waiting", "Callers that wait.", lambda: 3)

    found = samples(metrics.page(ready=False))

    assert found["muster_hashing_waiting", ()] == 3
    assert found["muster_ready", ()] == 0
    assert found["muster_workers", ()] == 1
    assert found["process_resident_memory_bytes", ()] > 10_000_000
    assert found["process_open_fds", ()] > 2
    assert found["process_cpu_seconds_total", ()] > 0
    assert [name for name, _ in found if name == "muster_build_info"]


async def test_every_worker_shows_the_sum_of_all(tmp_path: Path) -> None:
    one, two = Metrics(tmp_path), Metrics(tmp_path)
    for metrics, times in ((one, 3), (two, 4)):
        metrics.watch("muster_hashing_waiting", "Callers that wait.", lambda: 2)
        for _ in range(times):
            metrics.answered("auth0", "GET", ROUTE, 200, 0.002)
        metrics.save()

    for metrics in (one, two):
        assert requests(metrics.page()) == {("auth0", "GET", ROUTE, "200"): 7}
        assert samples(metrics.page())["muster_hashing_waiting", ()] == 4


async def test_what_a_page_has_shown_of_a_worker_stays_when_it_dies(tmp_path: Path) -> None:
    dying, living = Metrics(tmp_path), Metrics(tmp_path)
    dying.answered("auth0", "GET", ROUTE, 200, 0.002)
    shown = requests(dying.page())
    del dying

    assert requests(living.page()) == shown


def test_a_dead_worker_counts_but_no_longer_waits(tmp_path: Path) -> None:
    dead = Snapshot(
        pid=2**22 + 1,  # above the highest that Linux gives
        cpu_seconds=1_000.0,
        requests=[(("auth0", "GET", ROUTE, 200), 0.5, [0, 5, *[0] * 11])],
        gauges={"muster_hashing_waiting": 9.0},
    )
    (tmp_path / "4194305-0.json").write_bytes(msgspec.json.encode(dead))
    metrics = Metrics(tmp_path)
    metrics.watch("muster_hashing_waiting", "Callers that wait.", lambda: 1)

    found = samples(metrics.page())

    assert requests(metrics.page()) == {("auth0", "GET", ROUTE, "200"): 5}
    assert found["process_cpu_seconds_total", ()] > 1_000
    assert found["muster_hashing_waiting", ()] == 1
    assert found["muster_workers", ()] == 1


async def test_snapshots_are_whole_files_of_this_process_alone(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.answered("auth0", "GET", ROUTE, 200, 0.002)
    metrics.save()

    (file,) = tmp_path.iterdir()
    assert msgspec.json.decode(file.read_bytes(), type=Snapshot).pid == os.getpid()
