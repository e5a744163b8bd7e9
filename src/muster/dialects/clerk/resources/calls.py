"""What every handler needs: the services, how users are shown, and the user that a path or body names."""

from typing import Any

from muster.core.errors import NotFound
from muster.core.query import Page
from muster.core.records import Key
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.model import User
from muster.dialects.clerk.problems import Refused, refused
from muster.dialects.clerk.services import Services
from muster.dialects.clerk.versions import METADATA_HAS_ITS_OWN_PATHS
from muster.dialects.clerk.wire.ids import read_user_id
from muster.dialects.clerk.wire.pictures import Place
from muster.dialects.clerk.wire.users import View
from muster.dialects.kit.call import Call

DEFAULT_LIMIT = 10


def services_of(call: Call) -> Services:
    services: Services = call.services
    return services


async def view_of(call: Call) -> View:
    """How this call's answer shows users."""
    services = services_of(call)
    place = Place(call.site.public_url, await services.instances.get(call.tenant_id))
    return View(services.clock.now(), place, services.lockout)


def page_of(asked: dict[str, Any]) -> Page:
    """The page asked for."""
    return Page(offset=asked.get("offset", 0), limit=asked.get("limit", DEFAULT_LIMIT))


def takes_metadata(call: Call) -> bool:
    """Whether a PATCH of the thing itself may carry metadata in the version that the call asks for."""
    return bool(call.more.version < METADATA_HAS_ITS_OWN_PATHS)


async def read_user(call: Call, shown_id: str) -> User:
    """The user with this id, outside of any act; 404 in the API's words."""
    key = read_user_id(shown_id)
    try:
        if isinstance(key, Key):
            return await actions.read_user_by_key(call.store, call.tenant_id, call.caller, key)
        return await actions.read_user(call.store, call.tenant_id, call.caller, key)
    except NotFound:
        raise no_user(shown_id) from None


async def the_user(tx: Transaction, shown_id: str) -> User:
    """The user with this id, within an act; 404 in the API's words."""
    try:
        return await actions.find_user(tx, read_user_id(shown_id))
    except NotFound:
        raise no_user(shown_id) from None


async def users_named(store: Store, tenant_id: int, shown_ids: list[str]) -> list[str]:
    """The core's ids of those users that there are."""
    found = []
    for shown_id in shown_ids:
        key = read_user_id(shown_id)
        if not isinstance(key, Key):
            found.append(str(key))
            continue
        user = await store.find(tenant_id, User, key)
        if user is not None:
            found.append(user.id)
    return found


def no_user(shown_id: str) -> Refused:
    """There is no such user."""
    return refused(404, "resource_not_found", "not found", f"No user was found with id {shown_id[:200]}")
