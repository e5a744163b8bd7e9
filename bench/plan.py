"""What is measured, with how many users, how long and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STAGES = (10_000, 100_000, 1_000_000)
"""Growth is shown over those of these that are below the number of users, and that number."""

RECORD_USERS, RECORD_RUNS, RECORD_SECONDS = 100_000, 5, 5
QUICK_USERS = 2_000
RUNS_WHILE_GROWING = 3
MOST_IMPORTED = 50_000
PATIENCE = 3


@dataclass(frozen=True)
class Plan:
    """What to measure and how: the numbers of users one after another, seconds of one run, runs that a median is made of.

    `warm_up` and `settle` are seconds before a case and before memory is looked at. A burst of less than a second is made in
    this process, which is for trying the cases out and not for figures.
    """

    stages: Sequence[int]
    seconds: float
    runs: int
    only: Sequence[str]
    profile: bool = False
    warm_up: float = 0
    settle: float = 0

    @property
    def users(self) -> int:
        """How many there are in the end."""
        return self.stages[-1]

    @property
    def longest(self) -> float:
        """A case whose single run is long is not begun once more after so many seconds."""
        return PATIENCE * self.runs * self.seconds

    @property
    def imported(self) -> int:
        """Rows of one measured import."""
        return max(1, min(MOST_IMPORTED, self.users // 2))

    def runs_at(self, users: int) -> int:
        """Runs with so many users: fewer while the number still grows."""
        return self.runs if users == self.users else min(self.runs, RUNS_WHILE_GROWING)

    def is_record(self, every: Sequence[str]) -> bool:
        """Whether the figures are worth keeping: all of them, and measured no more briefly than the floors ask."""
        enough = self.users >= RECORD_USERS and self.runs >= RECORD_RUNS and self.seconds >= RECORD_SECONDS
        return enough and set(self.only) == set(every)


def stages(users: int) -> tuple[int, ...]:
    """The numbers of users on the way to this one."""
    return (*(stage for stage in STAGES if stage < users), users)
