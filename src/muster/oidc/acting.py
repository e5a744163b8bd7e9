"""How the endpoints act: those for programs in the name of the application that calls, with an event of what came of it; those
that people follow in the name of whoever is signed in.
"""

from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.apps.model import Application
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.oidc.errors import OAuthError
from muster.oidc.tokens import Issued

P = ParamSpec("P")
T = TypeVar("T")

DOOR = "openid"


def program(app: Application) -> Actor:
    """The application as who asks. It holds no permission: what it may do is in the grants that it presents."""
    return Actor(kind="client", id=app.id, door=DOOR, permissions=frozenset())


async def act(
    call: Call,
    app: Application,
    act_: Callable[Concatenate[Transaction, P], Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run an act as this application and commit it."""
    context = replace(call.context, app_id=app.id)
    return await call.runner.run_from(context, call.tenant_id, program(app), act_, *args, **kwargs)


async def act_as(
    call: Call,
    user: User,
    app_id: str,
    may: frozenset[str],
    act_: Callable[Concatenate[Transaction, P], Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run an act as this user, who was sent here by that application, with these permissions."""
    actor = Actor(kind="user", id=user.id, door=DOOR, permissions=may, user_id=user.id)
    context = replace(call.context, app_id=app_id)
    return await call.runner.run_from(context, call.tenant_id, actor, act_, *args, **kwargs)


async def act_for(
    call: Call,
    app: Application,
    grant_type: str,
    exchange: Callable[Concatenate[Transaction, Application, P], Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run an exchange; the same commit tells that tokens were issued, and a refusal that they were not."""

    async def told(tx: Transaction) -> T:
        try:
            result = await exchange(tx, app, *args, **kwargs)
        except OAuthError as refused:
            tx.note_even_if_refused("token.refused", grant_type=grant_type, why=refused.why)
            raise
        if isinstance(result, Issued):
            tx.note("token.issued", user_id=result.user.id, grant_type=grant_type, scopes=list(result.scopes))
        return result

    return await act(call, app, told)
