"""The kinds of refusal. A kind says what is wrong, never how a protocol numbers it; each dialect has one table for that.

`code` is stable and greppable, `detail` holds what the answer may need (a field, a limit); neither is shown as it stands.
"""

from typing import Any


class Refusal(Exception):
    """An act was refused and nothing was changed."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.code} {self.detail or ''}".rstrip()

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception's own way is to call the constructor with `args`, which fits none of these.
        return _sent, (type(self), self.args, self.__dict__)


def _sent(kind: type[Refusal], args: tuple[Any, ...], state: dict[str, Any]) -> Refusal:
    """The refusal as another process sent it."""
    refusal = kind.__new__(kind, *args)
    refusal.__dict__.update(state)
    return refusal


class NotFound(Refusal):
    """The thing asked for does not exist for this caller."""


class Conflict(Refusal):
    """The request contradicts what is already stored."""


class Taken(Conflict):
    """A unique value (an e-mail address, a name, an id) belongs to somebody else."""

    def __init__(self, kind: str, value: str) -> None:
        super().__init__("taken", kind=kind, value=value)
        self.kind = kind
        self.value = value


class NotAllowed(Refusal):
    """The caller lacks the permission."""


class Invalid(Refusal):
    """What was sent can never be accepted, whatever is stored."""


class TooMany(Refusal):
    """A limit on how often something may be done was reached; `retry_after` is in seconds."""

    def __init__(self, code: str, *, retry_after: int, **detail: object) -> None:
        super().__init__(code, **detail)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """The server cannot do it just now (queue full, database away); `retry_after` is in seconds."""

    def __init__(self, code: str, *, retry_after: int, **detail: object) -> None:
        super().__init__(code, **detail)
        self.retry_after = retry_after


class Lost(Exception):
    """What an act had read changed before it could commit; the act is run again on fresh data.

    `row` names what was lost (kind and id), so that the next try can queue behind others who want the same row.
    """

    def __init__(self, row: tuple[str, str]) -> None:
        super().__init__(row)
        self.row = row
