from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from muster.cli import event_log
from muster.core.actor import Actor, operator
from muster.core.events import Context, Event
from muster.core.ids import UserId, new_id
from muster.core.store import Unit
from muster.core.transaction import Transaction
from muster.settings import Settings
from muster.wiring import Opened, opened
from tests.cli.conftest import Cli

MAY_1 = 1_777_593_600_000  # 2026-05-01T00:00:00Z
ANN = new_id(MAY_1)
BEN = new_id(MAY_1)
FROM = "user via muster  client=app1 ip=192.0.2.7"


def settings_of(muster: Cli) -> Settings:
    options = dict(zip(muster.database[::2], muster.database[1::2], strict=True))
    return Settings(data_dir=Path(options["--data-dir"]), database_url=options["--database-url"])


async def write(database: Opened, *events: Event) -> None:
    tenant = await database.store.tenant("default")
    assert tenant is not None
    await database.store.commit(Unit(tenant.number, events=list(events)))


def note(muster: Cli, *events: Event) -> None:
    async def noted() -> None:
        async with opened(settings_of(muster)) as database:
            await write(database, *events)

    asyncio.run(noted())


def happened(
    hour: int, kind: str, user_id: str = ANN, *, app_id: str = "", ip: str = "192.0.2.7", **data: Any
) -> Event:
    at = MAY_1 + hour * 3_600_000
    context = Context("r1", ip, "Firefox", app_id)
    return Event(new_id(at), kind, at, "user", user_id, "muster", user_id, data, context)


@pytest.fixture(scope="module")
def noted() -> list[Event]:
    return [
        happened(0, "sign_in.wrong_password", app_id="app1"),
        happened(1, "sign_in.succeeded", app_id="app1", session_id="s1", methods=["password", "totp"]),
        happened(2, "session.ended", ip="2001:db8::1", session_id="s1"),
        happened(3, "sign_in.succeeded", BEN, app_id="app2", session_id="s2", methods=["passkey"]),
        Event(
            new_id(MAY_1 + 1), "user.deleted", MAY_1 + 4 * 3_600_000, "client", "program", "clerk", BEN, {"realm": "r"}
        ),
    ]


@pytest.fixture
def log(muster: Cli, noted: list[Event]) -> Cli:
    """The module's database with those events in it, once."""
    if not muster("events", "search", "--user", ANN, "--json").out:
        note(muster, *noted)
    return muster


def found(answer: Any) -> list[dict[str, Any]]:
    assert answer.code == 0, answer.err
    return [json.loads(line) for line in answer.out.splitlines()]


def kinds(answer: Any) -> list[str]:
    return [row["kind"] for row in found(answer)]


def test_one_event_a_line_for_programs_and_for_people(log: Cli, noted: list[Event]) -> None:
    (row,) = found(log("events", "search", "--user", ANN, "--kind", "sign_in.succeeded", "--json"))
    assert row == {
        "id": noted[1].id,
        "at": "2026-05-01T01:00:00.000Z",
        "kind": "sign_in.succeeded",
        "outcome": "done",
        "user_id": ANN,
        "actor": {"kind": "user", "id": ANN, "door": "muster"},
        "client": "app1",
        "ip": "192.0.2.7",
        "user_agent": "Firefox",
        "request_id": "r1",
        "data": {"session_id": "s1", "methods": ["password", "totp"]},
    }
    shown = log("events", "search", "--user", ANN, "--kind", "sign_in")
    assert shown.out.splitlines() == [
        f"2026-05-01T01:00:00.000Z  sign_in.succeeded          done     {ANN}  {FROM} session_id=s1 methods=password,totp",
        f"2026-05-01T00:00:00.000Z  sign_in.wrong_password     refused  {ANN}  {FROM}",
    ]


def test_what_is_asked_for_is_all_true_of_what_is_found(log: Cli) -> None:
    def search(*asked: str) -> list[str]:
        return kinds(log("events", "search", "--json", *asked))

    mine = ("--user", ANN)
    assert search(*mine) == ["session.ended", "sign_in.succeeded", "sign_in.wrong_password"]
    assert search(*mine, "--limit", "1") == ["session.ended"]
    assert search(*mine, "--ip", "2001:db8::1") == ["session.ended"]
    assert search("--client", "app1", "--limit", "1") == ["sign_in.succeeded"]
    assert search("--client", "program") == ["user.deleted"]
    assert search("--kind", "sign_in", "--kind", "session.ended", "--until", "2026-05-01T03:00") == search(*mine)
    assert search("--since", "2026-05-01T04:00+03:00", "--until", "2026-05-01T02:00") == ["sign_in.succeeded"]
    assert search(*mine, "--since", "1m") == []
    # Somebody who is gone is found by any spelling of the id.
    spelled = f"{BEN[:8]}-{BEN[8:12]}-{BEN[12:16]}-{BEN[16:20]}-{BEN[20:]}"
    assert search("--user", spelled) == ["sign_in.succeeded", "user.deleted"]


def test_pages_are_read_until_enough_matches(log: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "PAGE", 1)
    assert kinds(log("events", "search", "--client", "app1", "--json")) == [
        "sign_in.succeeded",
        "sign_in.wrong_password",
    ]


def test_the_last_ones_come_oldest_first(log: Cli) -> None:
    assert kinds(log("events", "tail", "--user", ANN, "--limit", "2", "--json")) == [
        "sign_in.succeeded",
        "session.ended",
    ]


def test_what_cannot_be_asked(log: Cli) -> None:
    def refused(*asked: str) -> tuple[int, str]:
        answer = log("events", "search", *asked)
        return answer.code, answer.err

    see = "See muster events search --help\n"
    assert refused("--kind", "sign_on") == (2, f"muster: There is no kind sign_on. Did you mean sign_in? {see}")
    code, text = refused("--since", "soon")
    assert (code, text.startswith("muster: --since: soon is no moment; write 2026-05-01, ")) == (2, True)
    assert refused("--user", "nobody@example.com") == (
        1,
        "muster: there is no user nobody@example.com; muster user list shows those there are\n",
    )
    assert refused("--tenant", "none")[0] == 1


async def _updated(tx: Transaction, user_id: str) -> None:
    tx.note("user.updated", user_id=user_id)


def test_following_shows_what_others_write_and_nothing_twice(muster: Cli) -> None:
    """Beside a process that writes, which need not seal."""
    user_id = UserId(new_id(MAY_1))
    seen: list[Event] = []

    async def follow() -> None:
        settings, shown = settings_of(muster), asyncio.Queue[Event]()
        wanted = event_log.Wanted(about=user_id)
        async with opened(settings) as server, asyncio.timeout(30):
            await write(server, happened(9, "user.created", user_id))
            tenant = await server.store.tenant("default")
            assert tenant is not None
            tailing = event_log.tail(settings, "default", wanted, 20, shown.put_nowait, follow=True)
            following = asyncio.create_task(tailing)
            for _ in range(3):
                seen.append(await shown.get())
                await server.runner.run(tenant.number, SOMEBODY, _updated, "another")
                await server.runner.run(tenant.number, operator(), _updated, user_id)
            seen.append(await shown.get())
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            assert shown.empty()

    asyncio.run(follow())
    assert [event.kind for event in seen] == ["user.created"] + ["user.updated"] * 3
    assert len({event.id for event in seen}) == 4


SOMEBODY = Actor(kind="user", id="x", door="muster", permissions=frozenset())


def test_what_a_stranger_sent_cannot_steer_the_terminal(muster: Cli) -> None:
    user_id = new_id(MAY_1)
    note(muster, happened(0, "user.updated", user_id, ip="\x1b[2J\n"))
    shown = muster("events", "search", "--user", user_id).out
    assert shown.count("\n") == 1
    assert "ip=\\x1b[2J\\n" in shown
