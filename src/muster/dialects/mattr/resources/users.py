"""Users: list, search, create, read, replace, delete; and the records of what was issued to one."""

from collections.abc import Sequence
from typing import Any, Final

from muster.core.actor import Permissions as May
from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.errors import NotFound
from muster.core.ids import UserId, is_id
from muster.core.issued_credentials.actions import list_issued
from muster.core.query import All, Everyone, Is, Order, Page, Query, Range
from muster.core.query import Any as AnyOf
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.claim_actions import PROVIDER, Subject, change_user_by_claims, create_user_by_claims
from muster.core.users.claims import claims_query
from muster.core.users.model import Origin, User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.mattr.operation import (
    Operation,
    Paging,
    body_of,
    credential_place,
    id_of,
    paging_in,
    paging_of,
    refuse,
)
from muster.dialects.mattr.recording import Recording, recorded
from muster.dialects.mattr.schema import shapes
from muster.dialects.mattr.schema.checking import problem
from muster.dialects.mattr.wire.credentials import show_credential
from muster.dialects.mattr.wire.cursors import Place, boundary, id_cursor, write_cursor
from muster.dialects.mattr.wire.ids import DOOR, given_key, parse_uuid, show_user_id
from muster.dialects.mattr.wire.providers import NAME, is_provider, url_of
from muster.dialects.mattr.wire.users import show_user

Document = dict[str, Any]

MOST_CRITERIA: Final = 64
"""Claims that one search may ask for."""


async def list_users(call: Call, record: Recording) -> Reply:
    """Everyone, in the order in which they came."""
    paging = paging_of(call)
    record.started = {"limit": paging.limit}
    return await _page(call, record, Everyone(), paging)


async def search_users(call: Call, record: Recording) -> Reply:
    """Those who meet all criteria."""
    body = body_of(call)
    paging = paging_in(body, "body")
    record.started = {"limit": paging.limit}
    claims = claims_query(body.get("claims", {}))
    if isinstance(claims, All) and len(claims.parts) > MOST_CRITERIA:
        raise refuse(problem("claims", "body"))
    return await _page(call, record, All((claims, _linked(body.get("authenticationProvider", {})))), paging)


async def create_user(call: Call, record: Recording) -> Reply:
    """A new user of the default realm."""
    body = body_of(call)
    user = await record.act(_create, _told, body)
    return json_reply(201, await _shown(call, user))


async def get_user(call: Call, record: Recording) -> Reply:
    """One user."""
    id_ = id_of(call)
    record.started = record.succeeded = {"id": call.path["id"]}
    return json_reply(200, await _shown(call, await _read(call, id_)))


async def update_user(call: Call, record: Recording) -> Reply:
    """Replace the claims, and the link where one is sent."""
    id_ = id_of(call)
    record.started = {"id": call.path["id"]}
    user = await record.act(_update, _told, id_, body_of(call))
    return json_reply(200, await _shown(call, user))


async def delete_user(call: Call, record: Recording) -> Reply:
    """Everything that is kept of the user goes; what was issued stays valid."""
    id_ = id_of(call)
    record.started = {"id": call.path["id"]}
    await record.act(_delete, _told, id_)
    return empty()


async def list_credentials(call: Call, record: Recording) -> Reply:
    """The records of what was issued to a user; nothing for an unknown one."""
    id_ = id_of(call, "userId")
    paging = paging_of(call)
    record.started = {"limit": paging.limit, "userId": call.path["userId"]}
    try:
        user = await _read(call, id_)
    except NotFound:
        return _answer(record, [], "")
    found = await list_issued(
        call.store, call.tenant_id, call.caller, user.id, credential_place(paging.after), paging.limit
    )
    cursor = write_cursor(found[-1].created_at, found[-1].id) if found else ""
    return _answer(record, [show_credential(each) for each in found], cursor)


# ------------------------------------------------------------------------------------------------------------------ acts


async def _create(tx: Transaction, body: Document) -> User:
    realm = await tx.find(Connection, Key("", "connection_name", DEFAULT_NAME))
    if realm is None:
        raise NotFound("connection", name=DEFAULT_NAME)
    subject = await _subject(tx, body.get("authenticationProvider"))
    new = actions.NewUser(origin=Origin(door=DOOR))
    return await create_user_by_claims(tx, realm, new, body.get("claims", {}), subject)


async def _update(tx: Transaction, id_: str, body: Document) -> User:
    user = await _find(tx, id_)
    subject = await _subject(tx, body.get("authenticationProvider"))
    return await change_user_by_claims(tx, user, body["claims"], subject)


async def _delete(tx: Transaction, id_: str) -> User:
    user = await _find(tx, id_)
    await actions.delete_user(tx, user)
    return user


async def _subject(tx: Transaction, sent: Document | None) -> Subject | None:
    """The identity that a body names, at the tenant's provider."""
    if sent is None:
        return None
    provider = await tx.get(Connection, parse_uuid(sent["providerId"]) or "")
    if provider is None or not is_provider(provider):
        raise refuse(problem("authenticationProvider.providerId", "body", sent["providerId"]))
    return Subject(provider.id, sent["subjectId"], url_of(provider))


async def _find(tx: Transaction, id_: str) -> User:
    """The user of that id, ours or one that the vendor gave."""
    if is_id(id_) and await tx.get(User, UserId(id_)) is not None:
        return await actions.find_user(tx, UserId(id_))
    return await actions.find_user(tx, given_key(id_))


def _told(user: User) -> Document:
    return {"id": show_user_id(user)}


# ----------------------------------------------------------------------------------------------------------------- reads


async def _read(call: Call, id_: str) -> User:
    if is_id(id_):
        try:
            return await actions.read_user(call.store, call.tenant_id, call.caller, UserId(id_))
        except NotFound:
            pass  # it may still be one that the vendor gave
    return await actions.read_user_by_key(call.store, call.tenant_id, call.caller, given_key(id_))


async def _page(call: Call, record: Recording, query: Query, paging: Paging) -> Reply:
    if paging.after is not None:
        query = All((query, await _behind(call, paging.after)))
    page = Page(limit=paging.limit)
    users = await actions.list_users(call.store, call.tenant_id, call.caller, query, Order(), page)
    provider = await _provider(call) if any(user.links for user in users) else None
    cursor = id_cursor(users[-1].id) if users else ""
    return _answer(record, [show_user(user, provider) for user in users], cursor)


async def _behind(call: Call, place: Place) -> Query:
    """Those who came after the user of a cursor; where that one is gone, those who came after its id was made."""
    digits = boundary(place)
    last = await call.store.get(call.tenant_id, User, UserId(digits)) if is_id(digits) else None
    if last is not None:
        return Range("seq", low=last.seq, low_included=False)
    later = Range("id", low=digits, low_included=False)
    found = await call.store.search_users(call.tenant_id, later, Order("id"), Page(limit=1))
    return Range("seq", low=found[0].seq) if found else AnyOf(())


def _linked(wanted: Document) -> Query:
    """Users with this identity: the whole of it, the provider alone, or the subject at whatever provider."""
    provider = parse_uuid(wanted["providerId"]) if "providerId" in wanted else None
    subject: str | None = wanted.get("subjectId")
    if provider is not None and subject is not None:
        return Is("link", f"{provider} {subject}")
    if provider is not None:
        return Is("connection", provider)
    if subject is not None:
        return All((Is("link.subject", subject), Is("link.provider", PROVIDER)))
    return Everyone()


async def _provider(call: Call) -> Connection | None:
    return await call.store.find(call.tenant_id, Connection, Key("", "connection_name", NAME))


async def _shown(call: Call, user: User) -> Document:
    return show_user(user, await _provider(call) if user.links else None)


def _answer(record: Recording, entries: Sequence[Document], cursor: str) -> Reply:
    """A page. It leads on even when it is not full; only an empty one is the end."""
    record.succeeded = {"entriesCount": len(entries), **({"nextCursor": cursor} if entries else {})}
    return json_reply(200, {"nextCursor": cursor, "data": entries} if entries else {"data": []})


_USERS = shapes.page_of(shapes.USER)

ROUTES = [
    Route(
        "POST",
        "/users/search",
        recorded("USER_SEARCH", search_users),
        (May.USERS_READ,),
        "Search users",
        Operation(id="searchUsers", type="USER_SEARCH", body=shapes.USER_SEARCH, answers={200: _USERS}),
    ),
    Route(
        "GET",
        "/users",
        recorded("USER_RETRIEVE_LIST", list_users),
        (May.USERS_READ,),
        "Retrieve all users",
        Operation(id="listUsers", type="USER_RETRIEVE_LIST", query=shapes.PAGE, answers={200: _USERS}),
    ),
    Route(
        "POST",
        "/users",
        recorded("USER_CREATE", create_user),
        (May.USERS_CREATE,),
        "Create a user",
        Operation(id="createUser", type="USER_CREATE", body=shapes.USER_CREATE, answers={201: shapes.USER}),
    ),
    Route(
        "GET",
        "/users/{id}",
        recorded("USER_RETRIEVE", get_user),
        (May.USERS_READ,),
        "Retrieve a user",
        Operation(id="getUser", type="USER_RETRIEVE", answers={200: shapes.USER}),
    ),
    Route(
        "PUT",
        "/users/{id}",
        recorded("USER_UPDATE", update_user),
        (May.USERS_UPDATE,),
        "Update a user",
        Operation(id="updateUser", type="USER_UPDATE", body=shapes.USER_UPDATE, answers={200: shapes.USER}),
    ),
    Route(
        "DELETE",
        "/users/{id}",
        recorded("USER_DELETE", delete_user),
        (May.USERS_DELETE,),
        "Delete a user",
        Operation(id="deleteUser", type="USER_DELETE", answers={204: None}),
    ),
    Route(
        "GET",
        "/users/{userId}/credentials",
        recorded("USER_CREDENTIAL_RETRIEVE_LIST", list_credentials),
        (May.USERS_READ,),
        "Retrieve all user credentials data",
        Operation(
            id="listUserCredentials",
            type="USER_CREDENTIAL_RETRIEVE_LIST",
            query=shapes.PAGE,
            answers={200: shapes.page_of(shapes.CREDENTIAL)},
        ),
    ),
]
