"""How each operation is called: paths and bodies with names in braces, which stand for the ids of one tenant's estate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

Ids = Mapping[str, str]
"""The names of a plan and what they stand for."""

_NAME = re.compile(r"\{(\w+)\}")
_DIGITS = str.maketrans("0123456789abcdefABCDEF", "1" + "0" * 21)


@dataclass(frozen=True)
class Plan:
    """One call. `path` is what follows the dialect's prefix. `status` is what the call answers when it may; 0 is any success."""

    path: str
    json: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes, str]] = field(default_factory=dict)
    status: int = 0

    def names(self) -> frozenset[str]:
        """The ids that the call needs."""
        return frozenset(_names((self.path, self.json, self.query, self.form)))

    async def send(self, client: httpx.AsyncClient, route: str, ids: Ids) -> httpx.Response:
        """The call about these ids, of a route written as in a table of plans."""
        path = _NAME.sub(lambda name: quote(ids[name[1]], safe=""), self.path)
        sent: dict[str, Any] = {"params": filled(self.query, ids)} if self.query else {}
        if self.json is not None:
            sent["json"] = filled(self.json, ids)
        if self.form or self.files:
            sent |= {"data": filled(self.form, ids), "files": self.files}
        return await client.request(route.partition(" ")[0], path, **sent)

    def allowed(self, answer: httpx.Response) -> bool:
        """Whether the answer is that of a call that may be made."""
        return answer.status_code == self.status if self.status else answer.is_success


Plans = Mapping[str, Plan]
"""The plans of a dialect by `METHOD /path`, in an order in which all can be carried out one after the other."""


def filled(value: Any, ids: Ids) -> Any:
    """The value with every name replaced."""
    if isinstance(value, str):
        return _NAME.sub(lambda name: ids[name[1]], value)
    if isinstance(value, Mapping):
        return {key: filled(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return value


def _names(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield from _NAME.findall(value)
    elif isinstance(value, Mapping):
        yield from _names(list(value.values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _names(inner)


def unknown(id_: str) -> str:
    """An id of the same form that nobody has: it differs in a digit near its end."""
    place = max(at for at, character in enumerate(id_.partition("@")[0]) if character.isalnum())
    digit = id_[place].translate(_DIGITS)
    return f"{id_[:place]}{digit if digit in '01' else '0'}{id_[place + 1 :]}"


def several(paths: Sequence[str], plans: Plans) -> dict[str, Plan]:
    """The plans under each of some paths that mean the same. `{name_N}` in a plan is `{name_1}` for the first, and so on."""
    return {
        route.replace("BASE", path): _numbered(plan, path, number)
        for number, path in enumerate(paths, 1)
        for route, plan in plans.items()
    }


def _numbered(plan: Plan, path: str, number: int) -> Plan:
    def told(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("BASE", path).replace("_N", f"_{number}")
        if isinstance(value, Mapping):
            return {key: told(inner) for key, inner in value.items()}
        return [told(inner) for inner in value] if isinstance(value, list) else value

    return Plan(told(plan.path), told(plan.json), told(plan.query), plan.form, plan.files, plan.status)
