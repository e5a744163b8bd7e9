"""Reading everyone: page by page with MATTR's cursors, and as Netwrix's one unpaged list."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import mean
from typing import Final

import msgspec

from bench.case import Findings, Once, Simple
from bench.clients import MATTR_USERS, NETWRIX_USERS, Client
from bench.machine import forget_peak, memory, peak
from bench.place import Answers, Place

PER_PAGE: Final = 1_000
BARE_PAGES: Final = 50
PIECE: Final = 1 << 16
PAUSE_SECONDS: Final = 0.5
LISTED: Final = "listed"
MARK: Final = b'"UserName":'


class _Person(msgspec.Struct):
    id: str


class _Page(msgspec.Struct):
    data: list[_Person]
    nextCursor: str = ""  # noqa: N815 - as the vendor writes it


_decode = msgspec.json.Decoder(_Page).decode


@contextmanager
def _pages(place: Place, findings: Findings) -> Iterator[Once]:
    """One client follows the cursors from the first page to the empty one, and meets everybody once.

    The bare server answers the first page over and over to the same client.
    """
    client = place.served().mattr
    first = client.text("GET", f"{MATTR_USERS}?limit={PER_PAGE}")
    size = len(_decode(first).data)
    server = place.bench.bare.answer(Answers(first, routes=(MATTR_USERS, f"{MATTR_USERS}/{{id}}")))
    bare = Client(server.url)

    def once() -> float:
        met, costs = _read_all(client)
        if not len(set(met)) == len(met) == place.users:
            findings.faults.append(f"{len(met):,} entries of {len(set(met)):,} users, and there are {place.users:,}")
        tenth = max(1, len(costs) // 10)
        begin = time.perf_counter()
        for _ in range(BARE_PAGES):
            _decode(bare.content("GET", f"{MATTR_USERS}?limit={PER_PAGE}"))
        bare_rate = BARE_PAGES * size / (time.perf_counter() - begin)
        rate = len(met) / sum(costs)
        findings.add("last_tenth_of_first", mean(costs[-tenth:]) / mean(costs[:tenth]))
        findings.add("page_ms", 1000 * mean(costs))
        findings.add("bare_users_per_second", bare_rate)
        findings.add("ratio", rate / bare_rate)
        return rate

    yield once
    bare.close()


def _read_all(client: Client) -> tuple[list[str], list[float]]:
    """The ids in their order, and the seconds that each full page took to arrive and be read."""
    met: list[str] = []
    costs: list[float] = []
    cursor = ""
    while True:
        begin = time.perf_counter()
        page = _decode(client.content("GET", f"{MATTR_USERS}?limit={PER_PAGE}{cursor}"))
        cost = time.perf_counter() - begin
        if not page.data:
            return met, costs
        met += [person.id for person in page.data]
        costs.append(cost)
        cursor = f"&cursor={page.nextCursor}"


@contextmanager
def _streamed(place: Place, findings: Findings) -> Iterator[Once]:
    """How much more the server holds at its peak than at rest. The reader stops for half a second after the first piece, so
    that a server which does not wait for its reader is caught.
    """

    def once() -> float:
        site = place.served()
        if LISTED in site.kept:
            place.rest()  # the next has never shown the list
            site = place.served()
        site.kept[LISTED] = True
        client = site.netwrix
        time.sleep(place.bench.plan.settle)  # hashing the password of the sign-in took memory, which goes back
        server = site.server.pid
        before = memory(server).rss
        forget_peak(server)
        begin = time.perf_counter()
        entries, size = _count(client)
        seconds = time.perf_counter() - begin - PAUSE_SECONDS
        grown = peak(server) - before
        # Operators' accounts are listed too.
        if entries <= place.users:
            findings.faults.append(f"{entries:,} entries, and there are {place.users:,} users beside the operator")
        findings.add("users_per_second", entries / seconds)
        findings.add("answer_mb", size / 1e6)
        findings.add("at_rest_mb", before)
        return max(0.0, grown)

    yield once


def _count(client: Client) -> tuple[int, int]:
    """Entries and bytes of the list, of which no more than a piece is held."""
    answer = client.open("GET", f"{NETWRIX_USERS}/")
    entries = size = 0
    tail = b""
    while piece := answer.read(PIECE):
        if not size:
            time.sleep(PAUSE_SECONDS)
        size += len(piece)
        seen = tail + piece
        entries += seen.count(MARK)
        tail = seen[-(len(MARK) - 1) :]
    return entries, size


MATTR_PAGES: Final = Simple("page-mattr", "MATTR: all users by cursor", "/s", _pages, grows=True)
NETWRIX_LIST: Final = Simple("list-netwrix", "Netwrix: all in one list, growth", "MB", _streamed)
