"""Users: create, read, list, delete."""

from muster.core.actor import Permissions as May
from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.errors import NotFound
from muster.core.groups.actions import in_group, read_group
from muster.core.query import All, Exists, Not, Order, Page, Query, Range
from muster.core.records import Key
from muster.core.settings.actions import sign_in_settings
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.actions import NewUser
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty
from muster.dialects.kit.routes import Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.paging import list_reply, page_of, parameter, sort_of
from muster.dialects.monocloud.passwords import check_one, check_policy, hashed
from muster.dialects.monocloud.resources.one_user import read_user, services_of, user_reply, with_user
from muster.dialects.monocloud.schema.users import CreateUserRequest
from muster.dialects.monocloud.search.meaning import COUNTS, SORTS, parse
from muster.dialects.monocloud.validation import checked, document_of
from muster.dialects.monocloud.wire import users as wire
from muster.dialects.monocloud.wire.ids import parse_uuid
from muster.dialects.monocloud.wire.new_users import check_conformance, check_restrictions, parse_new


async def create(call: Call) -> Reply:
    """A new user of the default realm, in every group that new users join."""
    document = document_of(call)
    body = checked(CreateUserRequest, document)
    services = services_of(call)
    settings = await sign_in_settings(call.store, call.tenant_id)
    check_one(body.password, body.password_hash, "password")
    if not body.skip_conformance_checks:
        check_conformance(body, document, settings)
    if not body.skip_identifier_restriction_checks:
        check_restrictions(settings, email=body.email, phone=body.phone_number)
    if body.password is not None:
        check_policy(settings, body.password, skip=body.skip_password_policy_checks)
    password = await hashed(services, body.password, body.password_hash, "password")
    new = parse_new(body, document, settings, password, services.clock.now())
    return await user_reply(call, await call.act(_create, new), 201)


async def _create(tx: Transaction, new: NewUser) -> User:
    realm = await tx.find(Connection, Key("", "connection_name", DEFAULT_NAME))
    if realm is None:
        raise NotFound("connection")
    return await actions.create_user(tx, realm, new)


async def get(call: Call) -> Reply:
    """One user."""
    return await user_reply(call, await read_user(call))


async def delete(call: Call) -> Reply:
    """The user and everything that belongs to it is gone."""
    await with_user(call, actions.delete_user)
    return empty()


async def list_(call: Call) -> Reply:
    """One page of the users that match."""
    return await _page(call, parse(parameter(call, "filter")))


async def list_assigned(call: Call) -> Reply:
    """One page of the users of a group that match."""
    group_id = parse_uuid(call.path["group_id"], "group_id")
    await read_group(call.store, call.tenant_id, call.caller, group_id)
    return await _page(call, All((in_group(group_id), parse(parameter(call, "filter")))))


async def _page(call: Call, query: Query) -> Reply:
    page, sort = page_of(call), sort_of(call, SORTS)
    users, total = await _ordered(call, query, page, sort)
    services = services_of(call)
    names = await services.connections.of(call.tenant_id, users)
    now = services.clock.now()
    return list_reply([wire.show_summary(user, names, now) for user in users], page, total)


async def _ordered(call: Call, query: Query, page: Page, sort: tuple[str, bool] | None) -> tuple[list[User], int]:
    """The page in the order asked for, and how many match in all.

    The core puts users without what is sorted by at the end. A count that it does not know is shown as 0, which comes first
    in ascending order; a lock that has ended is shown as none.
    """
    field, descending = sort or ("seq", False)
    holding: Query | None = None
    if field in COUNTS and not descending:
        holding = Exists(field)
    elif field == "locked_until":
        holding = Range(field, low=services_of(call).clock.now(), low_included=False)
    if holding is None:
        order = Order(field, descending)
        return await actions.list_and_count_users(call.store, call.tenant_id, call.caller, query, order, page)
    having = (All((query, holding)), Order(field, descending))
    lacking = (All((query, Not(holding))), Order())
    first, then = (lacking, having) if field in COUNTS else (having, lacking)
    who = (call.store, call.tenant_id, call.caller)
    found, before = await actions.list_and_count_users(*who, *first, page)
    rest = Page(max(0, page.offset - before), page.limit - len(found))
    others, after = await actions.list_and_count_users(*who, *then, rest)
    return [*found, *others], before + after


_LIST = Operation(answer=wire.UserSummary, is_list=True, paged=True, sorts=SORTS, parameters=("filter",))

ROUTES = [
    Route("GET", "/users", list_, needs=(May.USERS_READ,), title="getAllUsers", about=_LIST),
    Route(
        "POST",
        "/users",
        create,
        needs=(May.USERS_CREATE,),
        title="createUser",
        about=Operation(body=CreateUserRequest, answer=wire.User, status=201),
    ),
    Route(
        "GET",
        "/users/{user_id}",
        get,
        needs=(May.USERS_READ,),
        title="findUserById",
        about=Operation(answer=wire.User),
    ),
    Route(
        "DELETE",
        "/users/{user_id}",
        delete,
        needs=(May.USERS_DELETE,),
        title="deleteUser",
        about=Operation(status=204),
    ),
    Route(
        "GET",
        "/users/groups/{group_id}/assigned",
        list_assigned,
        needs=(May.GROUPS_READ,),
        title="getAllGroupAssignedUsers",
        about=_LIST,
    ),
]
