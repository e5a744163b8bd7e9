"""START, then SUCCESS or FAIL: what each call of this API leaves in the log of analytic events.

Those of a write are part of its commit, so that neither can be there without the other; those of a refused write are
committed before the answer; those of a read wait for the next of a few commits a second.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from muster.core.errors import Refusal
from muster.core.events import Event
from muster.core.ids import new_id
from muster.core.store import Unit
from muster.core.transaction import Transaction
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Handler
from muster.dialects.mattr.errors import shown
from muster.dialects.mattr.services import Services
from muster.dialects.mattr.wire.cursors import time_of
from muster.dialects.mattr.wire.events import kind_of
from muster.dialects.mattr.wire.ids import DOOR

P = ParamSpec("P")
T = TypeVar("T")

Document = dict[str, Any]

_WRITES: Final = frozenset({"CREATE", "UPDATE", "DELETE"})


class Recording:
    """One call. `started` and `succeeded` are what its events tell, nothing of it personal."""

    def __init__(self, call: Call, type_: str) -> None:
        self.started: Document = {}
        self.succeeded: Document = {}
        self._call = call
        self._services: Services = call.services
        self._type = type_
        self._began = self._services.clock.now()
        self._is_write = type_.rpartition("_")[2] in _WRITES
        self._committed = False

    async def act(
        self,
        act: Callable[Concatenate[Transaction, P], Awaitable[T]],
        tell: Callable[[T], Document],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the act as the caller; its commit holds the START and the SUCCESS, which tells of its result."""

        async def told(tx: Transaction) -> T:
            result = await act(tx, *args, **kwargs)
            tx.unit.events.extend(self._events("SUCCESS", tell(result)))
            return result

        result = await self._call.act(told)
        self._committed = True
        return result

    def finish(self) -> None:
        """The call succeeded; a write has already told so."""
        if not self._committed:
            self._services.read_events.add(self._call.tenant_id, self._events("SUCCESS", self.succeeded))

    async def fail(self, refusal: Refusal) -> None:
        """The call was refused, which is told before it is answered unless the database is away."""
        told = shown(refusal)
        events = self._events("FAIL", {"error": {"message": told.message, "type": told.type}})
        if self._is_write:
            try:
                await self._call.store.commit(Unit(self._call.tenant_id, events=list(events)))
            except Refusal:
                pass
            else:
                return
        self._services.read_events.add(self._call.tenant_id, events)

    def _events(self, outcome: str, metadata: Document) -> Sequence[Event]:
        # Within one millisecond two ids come in any order, and these two are read in theirs.
        ids = sorted((new_id(self._began), new_id(self._services.clock.now())))
        told = (("START", self.started), (outcome, metadata))
        actor = self._call.caller
        return [
            Event(
                id=id_,
                kind=kind_of(f"{self._type}_{step}"),
                at=time_of(id_),
                actor_kind=actor.kind,
                actor_id=actor.id,
                door=DOOR,
                data=data,
                context=self._call.context,
            )
            for id_, (step, data) in zip(ids, told, strict=True)
        ]


Recorded = Callable[[Call, Recording], Awaitable[Reply]]


def recorded(type_: str, handler: Recorded) -> Handler:
    """The handler, whose calls leave these events."""

    async def handle(call: Call) -> Reply:
        record = Recording(call, type_)
        try:
            reply = await handler(call, record)
        except Refusal as refusal:
            await record.fail(refusal)
            raise
        except Exception:
            await record.fail(Crash("internal_error"))
            raise
        record.finish()
        return reply

    return handle
