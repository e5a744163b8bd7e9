"""Writes a tenant's users into a file, in the words of the dialect that was asked for it."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.jobs import actions
from muster.core.jobs.model import PART_BYTES, Job
from muster.core.jobs.work import Claim, JobFailed
from muster.core.query import Everyone, Is
from muster.core.transaction import Transaction
from muster.core.users.model import User

RESULT: Final = "result"
"""The file that an export writes: gzip members (RFC 1952), one for each step, which together are one gzip file."""

USERS_PER_SLICE: Final = 200
"""Read and written at once, so that requests have their turn in between."""

SLICES_PER_STEP: Final = 25
BYTES_PER_STEP: Final = 4 * PART_BYTES
"""A step ends in a commit, which extends the lease; compression makes its text a fifth or less."""

MOST_PARTS: Final = 16_384

_GZIP: Final = 16 + zlib.MAX_WBITS


class Sheet(Protocol):
    """How one export is written. All of it is pure."""

    head: bytes
    """What comes before the first user."""

    def lines(self, users: Sequence[User], realms: dict[str, Connection]) -> bytes:
        """The users, each with the end of its line."""
        ...


class Exporter:
    """The work `users_export`. `sheets` makes the sheet of what was asked, by the dialect it was asked through."""

    def __init__(self, sheets: Mapping[str, Callable[[Mapping[str, Any]], Sheet]]) -> None:
        self._sheets = sheets

    async def __call__(self, claim: Claim) -> None:
        sheet = self._sheets[claim.job.door](claim.job.asked)
        realms = {realm.id: realm for realm in await claim.store.records(claim.tenant_id, Connection)}
        if claim.job.realm is not None and claim.job.realm not in realms:
            raise JobFailed("The connection does not exist.")
        if claim.job.total is None:
            await claim.commit(_begin, await _count(claim))
        most: int | None = claim.job.asked.get("limit")
        text = b"" if claim.job.files.get(RESULT) else sheet.head
        slices, done, position = 0, claim.job.done, claim.job.position
        async for found, position in _slices(claim):
            users = found if most is None else found[: most - done]
            text += await asyncio.to_thread(sheet.lines, users, realms)
            slices, done = slices + 1, done + len(users)
            if done == most:
                break
            if slices == SLICES_PER_STEP or len(text) >= BYTES_PER_STEP:
                await _write(claim, text, position, done)
                slices, text = 0, b""
        await _write(claim, text, position, done)


async def _slices(claim: Claim) -> AsyncIterator[tuple[list[User], int]]:
    """The users who are asked for, those of so many at a time, and the number of the last one looked at."""
    realm, position = claim.job.realm, claim.job.position
    looked_at, found = 0, list[User]()
    async for user in claim.store.export_users(claim.tenant_id, position):
        position = user.seq
        looked_at += 1
        if realm is None or _is_of(user, realm):
            found.append(user)
        if looked_at == USERS_PER_SLICE:
            yield found, position
            looked_at, found = 0, []
    yield found, position


async def _count(claim: Claim) -> int:
    """How many users there are to look at, exactly; a limit that is smaller is what will be done."""
    query = Everyone() if claim.job.realm is None else Is("connection", claim.job.realm)
    found = await claim.store.count_users(claim.tenant_id, query)
    return min(found, claim.job.asked.get("limit") or found)


def _is_of(user: User, realm_id: str) -> bool:
    return user.realm == realm_id or any(link.connection_id == realm_id for link in user.links)


async def _write(claim: Claim, text: bytes, position: int, done: int) -> None:
    """Keep the text, and with it where to go on."""
    packed = await asyncio.to_thread(zlib.compress, text, 3, _GZIP) if text else b""
    if claim.job.files.get(RESULT, 0) >= MOST_PARTS:
        raise JobFailed("The export is too large; ask for one connection, or for fewer fields.")
    await claim.commit(_keep, packed, position, done)


async def _begin(_: Transaction, job: Job, total: int) -> Job:
    return replace(job, total=total)


async def _keep(tx: Transaction, job: Job, packed: bytes, position: int, done: int) -> Job:
    return replace(actions.add_to_file(tx, job, RESULT, packed), position=position, done=done)
