"""What the operations on one user share: find the user, change it in one act, show the whole of it."""

from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.monocloud.services import Services
from muster.dialects.monocloud.wire.ids import parse_user_id
from muster.dialects.monocloud.wire.users import show_user

P = ParamSpec("P")
T = TypeVar("T")


def services_of(call: Call) -> Services:
    """What the dialect was built with."""
    services: Services = call.services
    return services


async def read_user(call: Call) -> User:
    """The user that the path names."""
    key = parse_user_id(call.path["user_id"])
    if isinstance(key, Key):
        return await actions.read_user_by_key(call.store, call.tenant_id, call.caller, key)
    return await actions.read_user(call.store, call.tenant_id, call.caller, key)


async def with_user(
    call: Call, act: Callable[Concatenate[Transaction, User, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Carry out an act on the user that the path names."""
    key = parse_user_id(call.path["user_id"])

    async def found(tx: Transaction) -> T:
        return await act(tx, await actions.find_user(tx, key), *args, **kwargs)

    return await call.act(found)


async def user_reply(call: Call, user: User, status: int = 200) -> Reply:
    """The whole user."""
    services = services_of(call)
    names = await services.connections.of(call.tenant_id, [user])
    return json_reply(status, show_user(user, names, services.clock.now()))
