"""A job: work that outlives the request that asked for it, done by whichever process holds its lease."""

from typing import Any, Final, Literal

import msgspec

from muster.core.records import Key, Record

Kind = Literal["users_import", "users_export", "verification_email"]
State = Literal["pending", "processing", "completed", "failed", "cancelled"]

KEPT_MS: Final = 24 * 3_600_000
"""How long a job and its files are kept after its end."""

LONGEST_MS: Final = 2 * 3_600_000
"""A job that is not done by then has failed."""

LEASE_MS: Final = 10_000
"""How long a process may be silent before another takes its job over. Every commit of the work extends it."""

MOST_TRIES: Final = 5
"""How often a job is taken up without getting any further, before it has failed: it may be what ends the processes."""

AT_ONCE: Final = {"users_import": 2, "users_export": 10}
"""How many jobs of a kind a tenant may have waiting and running; a kind that is not named has no limit."""

PART_BYTES: Final = 256 * 1024
"""The most that one part of a file holds: a row stays small, and a commit short."""


class Lease(msgspec.Struct, frozen=True):
    """Which process works on a job, and until when nobody else may."""

    owner: str
    until: int


class Job(Record, frozen=True, kw_only=True):
    """`asked` is the request in the words of the dialect (`door`) it came through; `caller` is who made it (kind and id).

    `position` is the place in the input up to which everything is settled and committed: a row of a file, a user's number.
    `done` of `total` items are settled; `total` is None until it is known. `files` says how many parts each file has.
    `problem` is one sentence about what ended the job. A `slot` is held while the job is active, see `AT_ONCE`.
    """

    kind: Kind
    door: str
    caller: tuple[str, str]
    realm: str | None = None
    realm_name: str | None = None
    external_id: str | None = None
    asked: dict[str, Any] = {}
    state: State = "pending"
    slot: int | None = None
    lease: Lease | None = None
    tries: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    position: int = 0
    done: int = 0
    total: int | None = None
    inserted: int = 0
    updated: int = 0
    failed: int = 0
    files: dict[str, int] = {}
    problem: str = ""

    @property
    def active(self) -> bool:
        """Whether there is still something to do."""
        return self.state in ("pending", "processing")

    @property
    def due_at(self) -> int:
        """From when on some process must look at it: to begin, to take over what another left, to delete it."""
        if self.finished_at is not None:
            return self.finished_at + KEPT_MS
        return self.lease.until if self.lease is not None else self.created_at

    def keys(self) -> frozenset[Key]:
        return frozenset({slot_key(self.kind, self.slot)}) if self.slot is not None and self.active else frozenset()


class JobPart(Record, frozen=True, kw_only=True):
    """One part of a file that a job reads or writes; `id` is `part_id`'s."""

    data: bytes


def slot_key(kind: str, slot: int) -> Key:
    """Two active jobs never have the same slot, so a tenant's slots are its limit, whatever processes there are."""
    return Key("", "job_slot", f"{kind} {slot}")


def part_id(job_id: str, file: str, number: int) -> str:
    """Where part `number`, counted from 0, of a job's file is kept. Ids of one file sort in its order."""
    return f"{job_id}.{file}.{number:06}"
