"""The run itself: one server, both tenants, request after request, and a check after each."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from muster.storage.opening import open_engine
from tests.fuzz.checks import Answer, Description, Stored, Written, changed, wrongly_written
from tests.fuzz.generate import Generator
from tests.fuzz.memory import MARKERS, Memory
from tests.fuzz.request import Request
from tests.house import DIALECTS, HOSTS, House, open_house

SEEDED: Final = 3
"""Users that each dialect makes for each tenant before the first request, with that tenant's marker all over them."""

STEP_MS: Final = 250
"""How far the clock goes on with each request."""

MOST_SECONDS: Final = 60
"""An answer that takes longer, on whatever machine, will never come."""

LAST: Final = 8
"""Requests that a fault is told with."""


@dataclass(frozen=True)
class Fault:
    """What was wrong with an answer, and the last requests, the guilty one at the end."""

    name: str
    what: str
    step: int
    requests: tuple[str, ...]
    answer: str

    def __str__(self) -> str:
        return "\n".join([f"# {self.name}: {self.what} (request {self.step})", *self.requests, f"# -> {self.answer}"])


@dataclass
class Report:
    """What a run has done. `reached` counts the successes of each operation."""

    seed: int
    asked: int = 0
    seconds: float = 0
    statuses: Counter[int] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    operations: tuple[str, ...] = ()
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)

    @property
    def successes(self) -> int:
        return sum(count for status, count in self.statuses.items() if status < 300)

    def __str__(self) -> str:
        return (
            f"{self.asked} requests in {self.seconds:.0f} s, {self.successes} successful, "
            f"{len(self.reached)} of {len(self.operations)} operations; {len(self.faults)} faults (MUSTER_FUZZ_SEED={self.seed})"
        )


class ErrorLog(logging.Handler):
    """Keeps what is logged as an error, also by what runs beside the requests."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        self._errors.append(self.format(record))


class Run:
    """A house that is asked at random. `faults` of the report is empty when everything held."""

    def __init__(self, house: House, stored: Stored, seed: int) -> None:
        self._house = house
        self._stored = stored
        self._rng = Random(seed)
        self._memory = Memory(self._rng)
        self._credentials: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self._recent: deque[str] = deque(maxlen=LAST)
        self._generator: Generator
        self._descriptions: dict[str, Description] = {}
        self._errors: list[str] = []
        self.log = ErrorLog(self._errors)
        self.report = Report(seed)

    async def prepare(self) -> None:
        """Read the descriptions, sign in everywhere, and make users of each tenant through each dialect."""
        documents: dict[str, Any] = {}
        for dialect in DIALECTS:
            async with self._house.anonymous() as client:
                documents[dialect] = (await client.get(f"/{dialect}/openapi.json")).json()
            for tenant in HOSTS:
                await self._sign_in(dialect, tenant)
        self._descriptions = {dialect: Description(document) for dialect, document in documents.items()}
        self._generator = Generator(documents, self._rng, self._memory, lambda *whose: self._credentials[whose])
        every = [each for operations in self._generator.operations.values() for each in operations]
        self.report.operations = tuple(each.name for each in every)
        self._memory.never = own_accounts(self._house)
        self._memory.own = {
            (tenant, dialect): dict(self._house.credentials[tenant][dialect])
            for tenant in HOSTS
            for dialect in DIALECTS
        }
        self._memory.share(self._memory.never)
        # What is there before anything was made, such as names of roles, is the same for both.
        for operation in every:
            if operation.method == "GET" and "{" not in operation.path:
                asked = [self._generator.fitting(tenant, operation, mistaken=False) for tenant in HOSTS]
                answers = [await self._ask(replace(request, query=b"")) for request in asked]
                texts = [set(answer.body.decode().split('"')) for answer in answers]
                self._memory.share(texts[0] & texts[1])
                if operation.name == "auth0 GET /client-grants":
                    self._memory.never |= texts[0] | texts[1]
        for tenant in HOSTS:
            for dialect in DIALECTS:
                for _ in range(SEEDED):
                    await self._seed(dialect, tenant)

    async def _sign_in(self, dialect: str, tenant: str) -> None:
        self._house._tokens.pop((dialect, tenant), None)
        proof = (await self._house.bearer(dialect, tenant)).encode()
        header = (b"x-api-key", proof) if dialect == "monocloud" else (b"authorization", b"Bearer " + proof)
        self._credentials[dialect, tenant] = header

    async def _seed(self, dialect: str, tenant: str) -> None:
        def marked() -> str:
            return f"{MARKERS[tenant]}{self._rng.getrandbits(48):012x}"

        async with await self._house.client(dialect, tenant) as client:
            path, body = seeded(dialect, marked)
            answer = await client.post(path, json=body)
        assert answer.status_code in (200, 201), (dialect, answer.text)
        self._memory.learn(tenant, dialect, "/users", answer.content)

    async def step(self) -> None:
        """One request and everything that must hold after it."""
        request = self._generator.next(self.report.reached)
        self._memory.say(request.tenant, request.path, request.query, request.body)
        self._recent.append(request.told())
        answer = await self._asked_and_checked(request)
        if answer.status == 401 and request.is_authenticated and not request.operation.is_open:
            # The run has ended its own session: signing in again must do.
            await self._sign_in(request.operation.dialect, request.tenant)
            request.headers[0] = self._credentials[request.operation.dialect, request.tenant]
            answer = await self._asked_and_checked(request)
        if answer.status < 300 and not request.is_elsewhere:
            self.report.reached[request.operation.name] += 1
        if answer.status < 300 and request.is_authenticated:
            await self._learn(request, answer)
        gone = answer.status == 404 or (request.method == "DELETE" and answer.status < 300)
        if gone and not request.is_elsewhere and self._rng.random() < 0.6:
            self._memory.forget(request.tenant, request.operation.dialect, request.ids)
        self._house.clock.turn(ms=STEP_MS)

    async def _asked_and_checked(self, request: Request) -> Answer:
        before = await self._stored.now()
        answer = await self._ask(request)
        self._check(request, answer, before, await self._stored.now())
        return answer

    async def _learn(self, request: Request, answer: Answer) -> None:
        operation = request.operation
        # Which events are stored by now is a matter of time, and a run shall be repeatable.
        if not operation.path.endswith("/events"):
            self._memory.learn(request.tenant, operation.dialect, operation.path, answer.body, request.ids)
        if operation.path.startswith("/jobs/") and request.method == "POST":
            await self._until_done(request, answer)

    async def _until_done(self, request: Request, answer: Answer) -> None:
        """A job that runs on beside the next requests would be taken for something that they have written."""
        id_ = json.loads(answer.body)["id"]
        while True:
            async with await self._house.client("auth0", request.tenant) as client:
                job = await client.get(f"/jobs/{id_}")
            if job.json()["status"] not in ("pending", "processing"):
                return
            await asyncio.sleep(0.01)

    def _check(self, request: Request, answer: Answer, before: dict[str, Written], after: dict[str, Written]) -> None:
        self.report.asked += 1
        self.report.statuses[answer.status] += 1
        if answer.status >= 500:
            self._fault(request, answer, f"answered {answer.status}")
        problem = self._descriptions[request.operation.dialect].problem(request, answer)
        if problem is not None:
            self._fault(request, answer, f"not as described: {problem}")
        reads = request.method in ("GET", "HEAD") and request.operation.dialect != "netwrix"
        if answer.status >= 400 or reads:
            written = wrongly_written(request, before[request.tenant], after[request.tenant])
            if written:
                self._fault(request, answer, f"{answer.status}, and yet changed: {', '.join(written)}")
        for tenant in HOSTS:
            if tenant != request.tenant and (touched := changed(before[tenant], after[tenant])):
                self._fault(request, answer, f"changed what another tenant has: {', '.join(touched)}")
        for message in self._errors:
            self._fault(request, answer, f"an error was logged: {message}")
        self._errors.clear()
        if not request.is_authenticated and answer.status < 400 and not request.operation.is_open:
            self._fault(request, answer, f"{answer.status} for a forged credential")
        foreign = self._memory.foreign(request.tenant, answer.body)
        if foreign:
            self._fault(request, answer, f"another tenant's data: {sorted(foreign)[:5]}")

    def _fault(self, request: Request, answer: Answer, what: str) -> None:
        name = request.operation.name
        fault = Fault(name, what, self.report.asked, tuple(self._recent), f"{answer.status} {answer.body[:2_000]!r}")
        self.report.faults.setdefault((name, what.partition(":")[0]), fault)

    async def _ask(self, request: Request) -> Answer:
        """The answer to a request that nothing on the way has put in order."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",
            "path": "",
            "raw_path": request.path,
            "query_string": request.query,
            "headers": [(b"host", HOSTS[request.tenant].encode()), *request.headers],
            "client": ("192.0.2.1", 1234),
            "server": ("127.0.0.1", 8443),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        try:
            async with asyncio.timeout(MOST_SECONDS):
                await self._house.web(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - whatever breaks on the way is told of like any other fault
            return Answer(599, {}, repr(error).encode())
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, b"".join(each.get("body", b"") for each in sent[1:]))


def own_accounts(house: House) -> set[str]:
    """The names of what the run's own credentials stand on; it may come across them, but not use them."""
    found = {"admin", "Admin", "Administrator"}
    for known in house.credentials.values():
        found |= {known[dialect]["client_id"] for dialect in ("auth0", "mattr")}
        found |= {known["auth0"]["audience"], known["netwrix"]["username"]}
    return found


def seeded(dialect: str, marked: Callable[[], str]) -> tuple[str, Any]:
    """The call that makes a user in a dialect, with a marker in all that it tells."""
    name, email = marked(), f"{marked()}@example.org"
    return {
        "auth0": (
            "/users",
            {
                "connection": "Username-Password-Authentication",
                "email": email,
                "password": "Correct-horse-9!",
                "name": name,
                "app_metadata": {"word": marked()},
            },
        ),
        "clerk": (
            "/users",
            {
                "email_address": [email],
                "first_name": name,
                "password": "Correct-horse-9!",
                "private_metadata": {"word": marked()},
                "external_id": marked(),
            },
        ),
        "monocloud": ("/users", {"email": email, "name": name, "password": "Correct-horse-9!"}),
        "mattr": ("/users", {"claims": {"email": email, "name": name, "deep": {"word": [marked()]}}}),
        "netwrix": (
            "/users/add/",
            {"UserDetails": {"UserName": name, "FirstName": marked(), "Email": email}, "Password": "Correct-horse-9!"},
        ),
    }[dialect]


async def fuzz(
    database_url: str,
    folder: Path,
    seed: int,
    steps: int,
    watch: Callable[[Report], Awaitable[bool]] | None = None,
) -> Report:
    """So many requests to a new server. `watch` is told of the report after each hundred, and ends the run by True."""
    engine = open_engine(database_url)
    log = logging.getLogger("muster")
    started = time.monotonic()
    async with open_house(database_url, folder) as house:
        await engine.start()
        run = Run(house, Stored(engine, list(HOSTS)), seed)
        log.addHandler(run.log)
        try:
            await run.prepare()
            for number in range(steps):
                await run.step()
                run.report.seconds = time.monotonic() - started
                if watch is not None and number % 100 == 99 and await watch(run.report):
                    break
            return run.report
        finally:
            log.removeHandler(run.log)
            await engine.stop()
