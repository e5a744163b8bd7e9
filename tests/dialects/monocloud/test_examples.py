"""The members that the contract's examples of answers show, each by its kind of value (`contract/answers.json`): we send them all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.dialects.monocloud.people import Jane, jane
from tests.dialects.monocloud.service import MonoCloud
from tests.dialects.monocloud.test_operations import call

ANSWERS: dict[str, Any] = json.loads((Path(__file__).parent / "contract" / "answers.json").read_text("utf-8"))
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "null": object,
}


def lacking(example: Any, value: Any, place: str = "$") -> Iterator[str]:
    """Where an answer is poorer than an example, or of another kind; null stands for any kind, as the schemas decide that."""
    if isinstance(example, dict):
        for name, inner in example.items():
            if not isinstance(value, dict) or name not in value:
                yield f"{place}.{name} is missing"
            else:
                yield from lacking(inner, value[name], f"{place}.{name}")
    elif isinstance(example, list):
        if not isinstance(value, list) or not value:
            yield f"{place} is {value!r}"
        else:
            yield from (problem for each in value for problem in lacking(example[0], each, f"{place}[]"))
    elif value is not None and not isinstance(value, KINDS[example]):
        yield f"{place} is {value!r}"


async def test_our_answers_hold_what_the_examples_show(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    poorer = {}
    async with monocloud.client() as client:
        for operation, example in ANSWERS.items():
            answer = await (
                call(client, operation, known) if "." not in operation else refused(client, operation, known)
            )
            assert answer.is_success is ("." not in operation), (operation, answer.text)
            if problems := list(lacking(example, answer.json())):
                poorer[operation] = problems
    assert poorer == {}


async def refused(client: httpx.AsyncClient, problem: str, known: Jane) -> httpx.Response:
    if problem == "problem.400":
        return await client.get("/users", params={"page": 0})
    path = f"/users/{known.user_id}/password"
    return await client.put(path, json={"password": "short" if problem == "problem.422-identity" else 1})


def test_what_is_poorer_is_found() -> None:
    example = ANSWERS["getAllBlockedIps"]
    assert list(lacking(example, [])) == ["$ is []"]
    assert list(lacking(example, [{"ip": 1}]))[-1] == "$[].last_sign_in_attempt is missing"
    assert "$[].ip is 1" in list(lacking(example, [{"ip": 1}]))
