"""What the core and the protocols need of other servers, without knowing any: `muster.outside` keeps this promise."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Fetched(NamedTuple):
    """An answer, whole. Names of `headers` are in lower case; one that was sent twice is joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outside(Protocol):
    """One request to another server. It follows no redirect, keeps no cookie, and reaches no address of an inner network."""

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - of all of it: names, connections, and the last byte of the answer
    ) -> Fetched:
        """The answer, whatever its status; `timeout` is seconds in all. `OutsideRefused` or `OutsideFailed` says why there is none."""
        ...


class OutsideError(Exception):
    """There is no answer. `reason` is one word for logs and for tables of texts; it never holds the address or what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutsideRefused(OutsideError):
    """The request was not made: `url`, `headers`, `scheme`, `userinfo` or `address` is not allowed. Another try would end the same."""


class OutsideFailed(OutsideError):
    """The request came to nothing: `unresolved`, `unreachable`, `certificate`, `timeout`, `too_long`, `encoded` or `protocol`."""
