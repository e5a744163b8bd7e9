"""/dev/outbox: the messages that wait to be sent, in words and with their links, for whoever tries Muster without a mail server.

It is there with the setting `dev_outbox` alone, which cannot be on where there is a public address, and for an operator who may
manage every user: what others are sent opens their accounts.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.errors import NotFound
from muster.core.events import Message
from muster.core.hub_roles.model import HubRole, HubRoles
from muster.core.messages.composing import Composed
from muster.core.messages.queue import DueMessage, Undeliverable
from muster.core.sign_in.engine import Beginning
from muster.core.sign_in.model import Asked
from muster.core.users.model import User
from muster.dialects.kit.browser import keep_browser, session_token
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.signin.account_shown import Moment, moment
from muster.signin.pages import page, redirect, visit_of, words_for
from muster.signin.sign_in import address, origin

PATH: Final = "/dev/outbox"
MOST: Final = 100


class DevOutbox(msgspec.Struct, frozen=True, kw_only=True):
    """What the page reads: a tenant's latest messages that wait, at most so many; and how one is put in words."""

    waiting: Callable[[int, int], Awaitable[Sequence[DueMessage]]]
    compose: Callable[[int, Message], Awaitable[Composed]]


class _Row(NamedTuple):
    kind: str
    to: str
    at: Moment
    tries: int
    subject: str
    text: str
    link: str


async def show(call: Call) -> Reply:
    """The messages, newest first. Nobody is signed in: an operator may. Somebody else is: there is no such page."""
    outbox: DevOutbox | None = call.services.dev_outbox
    if outbox is None:
        raise NotFound("page")
    found = await call.services.sign_in.signed_in(call.tenant_id, session_token(call))
    if found is None:
        return await _to_sign_in(call)
    if not await _may_see_all(call, found[1]):
        raise NotFound("page")
    waiting = await outbox.waiting(call.tenant_id, MOST)
    rows = [await _row(call, outbox, due) for due in reversed(waiting)]
    return page(call, "dev/outbox.html", messages=rows)


async def _may_see_all(call: Call, user: User) -> bool:
    if not user.internal or user.suspended is True:
        return False
    roles = HubRoles(await call.store.records(call.tenant_id, HubRole))
    return May.HUB_USERS in roles.powers_of(user.hub_roles)


async def _to_sign_in(call: Call) -> Reply:
    """To the sign-in of the operators' realm, and back."""
    connections = await call.store.records(call.tenant_id, Connection)
    realm = next((each for each in connections if each.internal and not each.disabled), None)
    if realm is None:
        raise NotFound("page")
    beginning = Beginning(return_to=PATH, asked=Asked(connection_id=realm.id), origin=origin(call))
    begun = await call.services.sign_in.begin(call.tenant_id, beginning, visit_of(call).secret, call.context)
    return redirect(call, address(begun.attempt.id), [keep_browser(call.site, begun.browser)])


async def _row(call: Call, outbox: DevOutbox, due: DueMessage) -> _Row:
    message, t = due.message, words_for(call)
    try:
        words = await outbox.compose(due.tenant_id, message)
    except Undeliverable:
        words = Composed(t("outbox.over"), "", "", "", "")
    text = words.sms if message.channel == "sms" else words.text
    at = moment(message.due_at, t, None)
    link = words.link if words.link.startswith(("https://", "http://")) else ""
    return _Row(message.kind, message.to, at, due.attempts, words.subject, text.strip(), link)


ROUTES: Final = [Route("GET", PATH, show, needs=None, title="See the messages that wait, for development")]
