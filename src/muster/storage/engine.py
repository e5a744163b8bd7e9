"""What one database must do, and the only place that knows which database it is.

SQL is written once, with `?` for parameters and the column types of `migrations/`; an engine may translate the text but is
never given two texts. JSON goes in and comes out as bytes. Reads are short and each stands alone; writes arrive as whole
batches (`commit`).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple, Protocol, cast

Row = Sequence[Any]
Value = str | int | float | bytes | None


class EngineRefused(Exception):
    """This database cannot be used as it is; the text tells an operator what to change."""


class Returned(NamedTuple):
    """Stands for the first column of a row, else the first, that an earlier write of the same batch returned."""

    write: int
    row: int = 0


class NewRows(NamedTuple):
    """A table, and those of its columns that new rows give, in their order."""

    table: str
    columns: tuple[str, ...]

    def insert(self, rows: int = 1) -> str:
        """The statement that adds so many, their parameters end to end."""
        row = f"({', '.join('?' * len(self.columns))})"
        return f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES {', '.join([row] * rows)}"


class Write(NamedTuple):
    """One statement of a batch.

    `judge` is shown the rows that the statement returned (so the text has a RETURNING clause) and answers with the
    exception to raise when they are not what must be true; then nothing of the batch stays. Where `returns` is given it is
    content with so many rows and with no other number, so an engine need not ask it. With `many`, `params` is a sequence of
    parameter rows, run one after the other, and no rows are looked at. Of `several` rows that it returns each may be named
    (`Returned.row`).
    Where `adds` is given the statement does nothing but add such rows, which are new for certain: an engine may bring them
    in without it. Every one of them has its `Returned`, if any, in the same columns.
    """

    sql: str
    params: Sequence[Value | Returned] | Sequence[Sequence[Value | Returned]]
    judge: Callable[[Sequence[Row]], Exception | None] | None = None
    many: bool = False
    returns: int | None = None
    several: bool = False
    adds: NewRows | None = None

    def filled_in(self, results: Sequence[Sequence[Row]]) -> Sequence[Value]:
        """The parameters, with what earlier writes returned in the place of every `Returned`."""
        params = cast("Sequence[Value | Returned]", self.params)
        if self.adds is None:
            return _filled_in(params, results)
        filled, columns = list(params), len(self.adds.columns)
        for at in range(columns):
            if type(params[at]) is Returned:  # of an import's rows one in four: the others are not looked at
                told = cast("list[Returned]", params[at::columns])
                filled[at::columns] = [results[param.write][param.row][0] for param in told]
        return cast("Sequence[Value]", filled)

    def rows_filled_in(self, results: Sequence[Sequence[Row]]) -> Sequence[Sequence[Value]]:
        """As `filled_in`, for each row of parameters of a write with `many`."""
        return [_filled_in(row, results) for row in cast("Sequence[Sequence[Value | Returned]]", self.params)]


def _filled_in(params: Sequence[Value | Returned], results: Sequence[Sequence[Row]]) -> Sequence[Value]:
    if Returned not in map(type, params):
        return cast("Sequence[Value]", params)
    # `type` and not `isinstance`: an import fills in three hundred of these for every user.
    filled = [results[param.write][param.row][0] if type(param) is Returned else param for param in params]
    return cast("Sequence[Value]", filled)


class Engine(Protocol):
    """A database. Every method raises `muster.core.errors.Unavailable` when the database cannot be reached or is full."""

    async def lookup(self, sql: str, params: Sequence[Value]) -> Row | None:
        """The row that has a key, whole numbers and texts; an engine may look up several rows in one query."""
        ...

    async def row(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """The first row of a point or keyset read: microseconds, so SQLite answers within the event loop."""
        ...

    async def rows(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]:
        """All rows of a read that touches few of them (at most a page)."""
        ...

    async def scan(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]:
        """All rows of a read whose cost may grow with the data (searches, counts, deep pages): never in the event loop.

        At most 4 run at once in a process. One that waits 2 seconds for its turn, or runs for 2 seconds, ends with
        `Unavailable("search_timeout")`.
        """
        ...

    async def commit(self, writes: Sequence[Write]) -> None:
        """Run the batch as one durable transaction, or raise what a `judge` said and change nothing.

        No write may rely on the rows of another but through `Returned` or a judge: an engine may run them all as one statement.
        A cancelled caller's batch is committed whole or not at all. After `Unavailable` nothing was changed, except that
        a connection lost during COMMIT leaves it unknown. `Lost` when the database gave way to another writer.
        """
        ...

    async def ping(self) -> None:
        """Answer when the database does."""
        ...

    async def start(self) -> None:
        """Open what is needed; called once in the process and event loop that will use it."""
        ...

    async def stop(self) -> None:
        """Finish waiting commits and close."""
        ...

    def epochs(self) -> AsyncIterator[int] | None:
        """Tenant numbers whose `access_epoch` another process may have raised; None when one read tells it at once."""
        ...
