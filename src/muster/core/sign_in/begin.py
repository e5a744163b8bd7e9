"""Beginning an attempt: in which realm it is, and whether the session that is there does."""

from typing import Any

import msgspec
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.errors import NotFound
from muster.core.sessions.model import Session
from muster.core.sign_in.model import LIFETIME, Asked, SignInAttempt
from muster.core.transaction import Transaction
from muster.core.users.model import User


class Beginning(msgspec.Struct, frozen=True):
    """Who wants somebody signed in, and how.

    `request` is kept for `return_to` to find again. `session` is the one that the browser is signed in with (`SignIn.signed_in`),
    which does if it fits what is `asked`. `origin` is the site's (`https://host[:port]`), which passkeys are bound to.
    """

    app_id: str = ""
    request: dict[str, Any] = {}
    return_to: str = "/account"
    asked: Asked = Asked()
    session: Session | None = None
    origin: str = ""


async def begin_attempt(tx: Transaction, id_: str, browser: str, beginning: Beginning) -> SignInAttempt:
    """A new attempt of the browser whose secret has this hash. `NotFound("connection")` for one that cannot be used."""
    asked, connections = beginning.asked, await tx.records(Connection)
    named = _named(connections, asked.connection_id)
    if named is not None and named.kind == "passwordless":
        # Codes are sent to the users of every realm: which of them is asked for is settled by what is typed.
        asked, named = replace(asked, connection_id=None), None
    realm = _realm(connections, named, beginning.app_id)
    session = await _session_now(tx, beginning.session)
    attempt = SignInAttempt(
        id=id_,
        created_at=tx.now,
        expires_at=tx.now + LIFETIME,
        browser=browser,
        realm=realm.id,
        app_id=beginning.app_id,
        request=beginning.request,
        return_to=beginning.return_to,
        origin=beginning.origin,
        asked=asked,
        session_id=session.id if session is not None else None,
        user_id=session.user_id if session is not None and await _does(tx, session, asked, realm, named) else None,
    )
    return tx.insert(attempt)


def _named(connections: list[Connection], connection_id: str | None) -> Connection | None:
    if connection_id is None:
        return None
    found = next((each for each in connections if each.id == connection_id and not each.disabled), None)
    if found is None:
        raise NotFound("connection", id=connection_id)
    return found


def _realm(connections: list[Connection], named: Connection | None, app_id: str) -> Connection:
    """Whose users sign in: those of the database that is named, else of one that the application may use, else the default.

    The operators' realm is entered by its name alone. Somebody who comes from elsewhere will be of the default realm.
    """
    if named is not None and named.kind == "database":
        return named
    realms = [each for each in connections if each.kind == "database" and not each.internal and not each.disabled]
    default = next((each for each in realms if each.default), None)
    theirs = [each for each in realms if app_id and app_id in each.enabled_apps]
    found = default if default in theirs or not theirs else theirs[0]
    if found is None:
        raise NotFound("connection")
    return found


async def _session_now(tx: Transaction, session: Session | None) -> Session | None:
    now = None if session is None else await tx.get(Session, session.id)
    return now if now is not None and now.status(tx.now) == "active" else None


async def _does(tx: Transaction, session: Session, asked: Asked, realm: Connection, named: Connection | None) -> bool:
    """Whether the session is good for this application without its user proving a first factor again (single sign-on).

    An operator's session is good where the operators' realm is asked for, and nowhere else.
    """
    if asked.fresh or (asked.max_age is not None and tx.now - session.authenticated_at >= asked.max_age):
        return False
    user = await tx.get(User, session.user_id)
    if user is None or user.suspended is True or user.internal != realm.internal:
        return False
    if named is None:
        return True
    if named == realm:
        return user.realm == realm.id
    return any(method.name == named.name for method in session.methods)
