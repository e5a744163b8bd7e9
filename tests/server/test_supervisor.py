from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.server.conftest import GET, PATIENCE, Site, Start, read_all, read_answer, read_head, until


def worker_pids(site: Site, count: int) -> set[int]:
    """The processes that answer, once there are as many as there should be."""
    seen: set[int] = set()

    def all_seen() -> bool:
        seen.add(int(site.get("/pid")))
        return len(seen) == count

    until(all_seen)
    return seen


def refuses(site: Site) -> bool:
    try:
        site.get("/")
    except OSError:
        return True
    return False


def ends(pid: int) -> bool:
    """Whether the process is gone, or only waits for its parent to take note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


# ---------------------------------------------------------------------------------------------------------------- start


@pytest.mark.parametrize("workers", [1, 2])
def test_one_line_says_where_it_answers_and_it_does(start: Start, workers: int) -> None:
    site = start(workers=workers)
    assert re.fullmatch(r"muster ready http://127\.0\.0\.1:\d+ https://127\.0\.0\.1:\d+\n", site.ready_line)
    assert httpx.get(f"{site.url}/scheme").text == "http"
    with site.connect_tls() as connection:
        connection.sendall(GET % b"/scheme")
        assert read_answer(connection) == b"HTTP/1.1 200 OK | https"
    assert site.stop() == 0
    assert site.process.stdout is not None
    assert site.process.stdout.read() == ""
    assert "Traceback" not in site.stderr


def test_one_worker_is_one_process(start: Start) -> None:
    site = start()
    assert int(site.get("/pid")) == site.process.pid


def test_an_idle_process_is_small(start: Start) -> None:
    assert int(start().get("/memory")) < 70 * 1024 * 1024


def test_ipv6_hosts_are_served_and_shown_in_brackets(start: Start) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    site = start(host="::1")
    assert site.ready_line.startswith("muster ready http://[::1]:")
    assert httpx.get(site.url).text == "hello"


@pytest.mark.parametrize(
    ("workers", "fail", "line"),
    [
        (1, "cannot open the\ndatabase", "muster: cannot open the database\n"),
        (1, "no such table", "muster: RuntimeError: no such table\n"),
        (3, "no such table", "muster: RuntimeError: no such table\n"),
    ],
)
def test_an_application_that_cannot_start_is_one_line_and_exit_1(
    start: Start, workers: int, fail: str, line: str
) -> None:
    site = start(fail=fail, workers=workers)
    assert site.ready_line == ""
    assert site.process.wait(PATIENCE) == 1
    assert [text for text in site.stderr.splitlines(keepends=True) if not text.startswith("{")] == [line]


def test_a_worker_that_vanishes_while_it_starts_is_a_failed_start(start: Start) -> None:
    site = start(fail="exit", workers=2)
    assert site.process.wait(PATIENCE) == 1
    assert site.stderr.endswith("muster: a worker ended while it started (exit code 3)\n")


def test_a_taken_port_names_the_option_to_change(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert start(port=port).process.wait(PATIENCE) == 1
        site = start(tls_port=port)
        assert site.process.wait(PATIENCE) == 1
    assert site.stderr == f"port {port} is taken; use --tls-port\n"


# -------------------------------------------------------------------------------------------------------------- trust


def test_the_certificate_is_trusted_by_its_ca_alone(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    site = start()
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(site.tls_url)
    monkeypatch.setenv("SSL_CERT_FILE", str(site.ca_file))
    assert httpx.get(f"{site.tls_url}/scheme").text == "https"
    assert httpx.get(f"https://localhost:{site.tls_port}/scheme").text == "https"


def test_sighup_takes_a_new_certificate_without_dropping_a_connection(start: Start) -> None:
    site = start()
    certificate = site.data_dir / "server.pem"
    renewed = start(names=["example.org"]).data_dir
    with site.connect_tls() as connection:
        certificate.write_text("broken")
        site.process.send_signal(signal.SIGHUP)
        until(lambda: "kept the old certificate" in site.stderr)
        site.connect_tls().close()
        for name in ("ca.pem", "server.pem", "server.key"):
            (site.data_dir / name).write_bytes((renewed / name).read_bytes())
        site.process.send_signal(signal.SIGHUP)
        until(lambda: "read the certificate again" in site.stderr)
        site.connect_tls().close()
        connection.sendall(GET % b"/")
        assert read_answer(connection) == b"HTTP/1.1 200 OK | hello"


# ---------------------------------------------------------------------------------------------------------------- stop


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGTERM), (1, signal.SIGINT), (2, signal.SIGTERM)])
def test_a_running_request_is_finished_before_the_end(start: Start, workers: int, number: signal.Signals) -> None:
    site = start(workers=workers)
    with site.connect() as idle, site.connect() as running, site.connect_tls() as running_tls:
        idle.sendall(GET % b"/")
        read_answer(idle)
        for connection in (running, running_tls):
            connection.sendall(GET % b"/slow")
            read_head(connection)
        site.process.send_signal(number)
        assert read_all(idle) == b""
        for connection in (running, running_tls):
            assert read_all(connection).endswith(b"finished\r\n0\r\n\r\n")
    assert site.process.wait(PATIENCE) == 0
    assert site.stderr.count("stopped\n") == workers
    assert refuses(site)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_that_does_not_end_is_cut_and_the_application_still_stopped(start: Start, workers: int) -> None:
    site = start(workers=workers, limits={"drain_seconds": 0.1})
    with site.connect() as connection:
        connection.sendall(GET % b"/slow")
        read_head(connection)
        site.process.send_signal(signal.SIGTERM)
        assert b"finished" not in read_all(connection)
    assert site.process.wait(PATIENCE) == 0
    assert site.stderr.count("stopped\n") == workers


def test_a_silent_tls_client_does_not_hold_up_the_end(start: Start) -> None:
    site = start()
    with site.connect_tls() as connection:
        connection.sendall(GET % b"/")
        read_answer(connection)
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(3) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_fails_to_stop_shows_in_the_exit_code(start: Start, workers: int) -> None:
    site = start(workers=workers, fail="stop")
    assert site.stop() == 1
    assert site.stderr.count("OSError: nothing was flushed") == workers


# -------------------------------------------------------------------------------------------------------------- workers


def test_a_killed_worker_is_replaced_while_the_others_serve(start: Start) -> None:
    site = start(workers=2)
    before = worker_pids(site, 2)
    killed = before.pop()
    os.kill(killed, signal.SIGKILL)
    until(lambda: int(site.get("/pid")) not in {killed, *before})
    assert worker_pids(site, 2) > before
    assert f'"message": "a worker died", "worker": {killed}, "exit_code": -9' in site.stderr
    assert site.stop() == 0


def test_workers_end_when_their_parent_is_killed(start: Start) -> None:
    site = start(workers=2)
    pids = worker_pids(site, 2)
    site.stop(signal.SIGKILL)
    until(lambda: all(ends(pid) for pid in pids))
    assert refuses(site)
    assert site.stderr.count("stopped\n") == 2


def test_workers_that_get_the_signal_twice_still_end_in_order(start: Start) -> None:
    site = start(workers=2)
    pids = worker_pids(site, 2)
    with site.connect() as running:
        running.sendall(GET % b"/slow")
        read_head(running)
        for pid in (*pids, site.process.pid):  # as a terminal or a service manager signals the whole group
            os.kill(pid, signal.SIGTERM)
        assert read_all(running).endswith(b"finished\r\n0\r\n\r\n")
    assert site.process.wait(PATIENCE) == 0


def test_node_trusts_the_ca_it_is_given(start: Start) -> None:
    node = next((path for path in ("/usr/bin/node", "/usr/local/bin/node") if Path(path).exists()), None)
    if node is None:
        pytest.skip("node is not installed")
    site = start()
    program = (
        f"fetch('{site.tls_url}/scheme').then(async r => console.log(await r.text()), e => console.log(e.cause.code))"
    )

    def run(**environment: str) -> str:
        return subprocess.run(
            [node, "-e", program], env={**os.environ, **environment}, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert run(NODE_EXTRA_CA_CERTS=str(site.ca_file)) == "https"
    assert run() in {"UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"}
