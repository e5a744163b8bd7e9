"""The table of event kinds is held against the source: what is noted anywhere, and what is told of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from muster.core.event_kinds import KINDS, client_of, kinds_named, outcome_of
from muster.core.events import Event
from scripts import events as page

SOURCE = Path(page.__file__).resolve().parent.parent / "src" / "muster"

NOTERS = {"note": 0, "note_even_if_refused": 0, "refuse_wrong": 4, "_end": 1}
"""Whoever is told the kind of an event, and as which argument. `_end` is of the messages, which are sent outside of any act."""

MESSAGES = "jobs/send_messages.py"
BESIDES = {MESSAGES: {"message", "channel", "to"}}
"""What is added to the data of every event of a file."""

ENDINGS = {f"session.{ending}" for ending in ("ended", "removed", "revoked", "replaced", "abandoned")}
COMPUTED: dict[str, set[str]] = {
    "event_kind(after, 'updated')": {"user.updated", "operator.updated"},
    "event_kind(user, 'created')": {"user.created", "operator.created"},
    "event_kind(user, 'updated')": {"user.updated", "operator.updated"},
    "event_kind(user, 'deleted')": {"user.deleted", "operator.deleted"},
    "f'session.{ending}'": ENDINGS,
    "f'factor.{event}'": {"factor.enrolled", "factor.removed", "factor.changed"},
    "f'job.{state}'": {"job.completed", "job.failed", "job.cancelled"},
    # core/sessions/grants.py: which of two a grant's end is.
    "kind": {"consent.revoked", "token.revoked"},
    # core/credentials/attempts.py: what whoever counts a failure says it is, which is looked at there.
    "event": set(),
}
"""What a kind that is not written out may be."""


class Note(NamedTuple):
    place: str
    kinds: frozenset[str]
    data: frozenset[str]


def noted() -> Iterator[Note]:
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            path = file.relative_to(SOURCE).as_posix()
            if name in NOTERS and (name != "_end" or path == MESSAGES):
                place = f"{path}:{node.lineno}"
                names = {keyword.arg or "**" for keyword in node.keywords} | BESIDES.get(path, set())
                yield Note(place, frozenset(kinds_of(node.args[NOTERS[name]], place)), frozenset(names - {"user_id"}))


def kinds_of(written: ast.expr, place: str) -> set[str]:
    match written:
        case ast.Constant(value=str(kind)):
            return {kind}
        case ast.IfExp(body=one, orelse=other):
            return kinds_of(one, place) | kinds_of(other, place)
    text = ast.unparse(written)
    assert text in COMPUTED, f"{place}: say in COMPUTED what {text} may be"
    return COMPUTED[text]


def test_every_kind_that_is_noted_is_in_the_table_with_its_data() -> None:
    notes = list(noted())
    assert len(notes) > 60, "the walk finds too little"
    assert [f"{note.place}: {kind}" for note in notes for kind in note.kinds if kind not in KINDS] == []
    unknown = [
        f"{note.place}: {kind} {sorted(note.data - set(KINDS[kind].data))}"
        for note in notes
        for kind in note.kinds
        if not note.data <= set(KINDS[kind].data)
    ]
    assert unknown == []


def test_every_row_of_the_table_is_noted_somewhere_with_all_of_its_data() -> None:
    told: dict[str, set[str]] = {}
    for note in noted():
        for kind in note.kinds:
            told.setdefault(kind, set()).update(note.data)
    assert sorted(set(KINDS) - set(told)) == []
    assert {kind: set(KINDS[kind].data) - data for kind, data in told.items() if set(KINDS[kind].data) - data} == {}


def test_the_page_is_made_from_the_table() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(), "docs/events.md is out of date: run make docs"
    assert all(page.page().count(f"| `{kind}` |") == 1 for kind in KINDS)


def test_a_kind_is_named_whole_or_by_its_thing() -> None:
    assert kinds_named("user.created") == ("user.created",)
    assert kinds_named("job") == kinds_named("job.*") == ("job.created", "job.completed", "job.failed", "job.cancelled")
    assert kinds_named("call.A_READ_FAIL") == ("call.A_READ_FAIL",)
    assert kinds_named("user.create") == kinds_named("") == kinds_named("call.") == ()


def test_outcome_and_client() -> None:
    def event(kind: str, actor_kind: str = "user", **data: str) -> Event:
        return Event("i", kind, 0, actor_kind, "who", "muster", data=dict(data))

    kinds = ("user.created", "sign_in.barred", "job.failed", "call.A_READ_FAIL", "call.A_READ_START")
    assert [outcome_of(event(kind)) for kind in kinds] == ["done", "refused", "failed", "refused", "done"]
    assert client_of(event("session.started", app_id="a")) == "a"
    assert client_of(event("user.created", "client")) == "who"
    assert client_of(event("user.created")) == ""
