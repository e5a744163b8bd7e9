"""The language of the cross-check's table: a fact about a person, how each dialect writes it, and how each must show it.

Texts in steps and expectations may hold `{n}` (a number of this person's own, also `{n:04}`), `{core}`, `{uuid}` and `{seq}`
(the core's id in two spellings, and its number), `{id}` (the person's id in the dialect at hand) and any member of the user as
that dialect shows it at the moment, such as `{emails.0.id}`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from muster.core.transaction import Transaction
from muster.core.users.model import User

Form = Literal["iso", "ms", "seconds", "ticks"]


class Step(NamedTuple):
    """A call. A path of `.` or `./…` is the user's own. `of` is another dialect than the writer's; `lasts` (s) passes before."""

    method: str
    path: str
    body: Any = None
    of: str | None = None
    lasts: int = 0
    picture: bytes | None = None


class Act(NamedTuple):
    """What no delivered call can do, done by the core as a sign-in or an import would. `says` names it."""

    says: str
    change: Callable[[Transaction, User], Awaitable[Any]]
    lasts: int = 0


class Visit(NamedTuple):
    """A call by the person, who has no key. `accepted` is whether it should succeed."""

    path: str
    body: Any
    accepted: bool = True
    lasts: int = 0


Steps = tuple[Step | Act | Visit, ...]


class Absent:
    """The member is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


class Like(NamedTuple):
    """A text that is of this form as a whole."""

    pattern: str


class When(NamedTuple):
    """The time of the last step, as a dialect writes times; `plus` seconds later."""

    form: Form
    plus: int = 0

    def at(self, now: int) -> Any:
        ms = now + self.plus * 1000
        moment = datetime.fromtimestamp(ms / 1000, UTC)
        match self.form:
            case "iso":
                return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"
            case "ms":
                return ms
            case "seconds":
                return ms // 1000
            case "ticks":
                return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}0000Z"


class Hidden(NamedTuple):
    """The dialect has no such member, and this text must be nowhere in its answer."""

    text: str


NOTHING: Final[Mapping[str, Any]] = {}
"""The dialect has no such member, and nothing by which it would be told."""

Expected = Mapping[str, Any] | Hidden
"""By the path of a member: its whole value, or a form of it."""


class Fact(NamedTuple):
    """One thing that is true of a person. `writes` by the dialect that writes, `shows` by the dialect that reads.

    `looks` is the call that shows it where reading the user does not. `finds` is what a dialect is searched by to find this person
    and nobody else: the query of its list, MATTR's body, a name in Netwrix; `loses` is what finds nobody any more. `password` is
    right afterwards, wherever a dialect can say so.
    """

    name: str
    writes: Mapping[str, Steps]
    shows: Mapping[str, Expected]
    looks: Mapping[str, Step] = {}
    finds: Mapping[str, Any] = {}
    loses: Mapping[str, Any] = {}
    password: str | None = None


_PLACE: Final = re.compile(r"\{([A-Za-z_][\w.]*)(:\d+)?\}")


def filled(template: Any, known: Mapping[str, Any]) -> Any:
    """A template with every `{…}` in its texts filled in; forms are left as they are. A text that is one place and nothing else
    becomes what is there, whatever its type.
    """
    if isinstance(template, str):
        whole = _PLACE.fullmatch(template)
        if whole is not None and whole[2] is None:
            return found_at(known, whole[1])
        return _PLACE.sub(lambda found: format(found_at(known, found[1]), (found[2] or ":")[1:]), template)
    if isinstance(template, Like):
        return template
    if isinstance(template, dict):
        return {name: filled(value, known) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, known) for value in template]
    return template


def found_at(shown: Any, path: str) -> Any:
    """The member at a path such as `emails.0.verified`, or `ABSENT`."""
    for part in path.split("."):
        if isinstance(shown, list) and part.isdigit() and int(part) < len(shown):
            shown = shown[int(part)]
        elif isinstance(shown, Mapping) and part in shown:
            shown = shown[part]
        else:
            return ABSENT
    return shown


def agrees(expected: Any, found: Any, now: int) -> bool:
    """Whether a member is as expected, in value and in JSON type."""
    if isinstance(expected, Like):
        return isinstance(found, str) and re.fullmatch(expected.pattern, found) is not None
    if isinstance(expected, When):
        return agrees(expected.at(now), found, now)
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and expected.keys() == found.keys()
            and all(agrees(value, found[name], now) for name, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(expected) == len(found)
            and all(agrees(one, other, now) for one, other in zip(expected, found, strict=True))
        )
    return type(expected) is type(found) and bool(expected == found)
