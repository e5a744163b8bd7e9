"""What went over the wire while a client of the vendor's ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx


class Exchange(NamedTuple):
    """One request, and the answer to it. A path is without its `/v1`; `body` is JSON, or the text of what is none."""

    method: str
    path: str
    status: int
    content_type: str
    body: Any


def recording(exchanges: list[Exchange]) -> httpx.Client:
    """A plain HTTP client that also keeps what it was told."""

    def keep(answer: httpx.Response) -> None:
        answer.read()
        asked = answer.request
        try:
            body = answer.json()
        except ValueError:
            body = answer.text
        path = asked.url.path.removeprefix("/v1")
        exchanges.append(Exchange(asked.method, path, answer.status_code, answer.headers.get("content-type", ""), body))

    return httpx.Client(event_hooks={"response": [keep]}, follow_redirects=True, trust_env=False)


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of the vendor's kinds in a body, however deep, but not what users keep in their metadata."""
    if isinstance(value, dict):
        if isinstance(value.get("object"), str):
            yield value
        for name, inner in value.items():
            if not name.endswith("_metadata"):
                yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)
