"""Setting webhooks up: who may, what is kept of the secret, and what no address or kind of event can be."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from muster.core.security import NotSealed
from muster.core.webhooks import actions
from muster.core.webhooks.model import Replay, WebhookEndpoint
from tests.databases import Databases
from tests.jobs.estate import BOX, Estate, estate

URL = "https://crm.example.com/hooks?key=1"
READER = Actor("client", "c1", "test", frozenset({May.SETTINGS_READ, May.USERS_UPDATE}))


@pytest.fixture
async def home(sqlite_databases: Databases) -> AsyncIterator[Estate]:
    async with estate(sqlite_databases.migrated()) as made:
        yield made


async def test_the_secret_is_told_once_and_sealed_for_its_endpoint_alone(home: Estate) -> None:
    endpoint, secret = await home.act(actions.create_endpoint, URL, BOX, kinds=["user.*", "user.*"])
    prefix, _, encoded = secret.partition("_")
    assert (prefix, len(base64.b64decode(encoded))) == ("whsec", 32)
    [listed] = await actions.list_endpoints(home.store, home.tenant.number, READER)
    assert (listed.kinds, listed.url) == (["user.*"], URL)
    assert secret not in repr(listed)
    assert actions.open_secret(listed, BOX) == secret
    home.clock.turn(ms=1)  # of one moment events have any order
    other, _ = await home.act(actions.create_endpoint, URL, BOX)
    swapped = WebhookEndpoint(id=other.id, url=URL, secret=endpoint.secret)
    with pytest.raises(NotSealed):
        actions.open_secret(swapped, BOX)
    # What an address holds beside its host may be a secret of the receiver's.
    assert [event.data for event in await home.events("webhook.created")] == [
        {"webhook_id": each.id, "host": "crm.example.com"} for each in (endpoint, other)
    ]


async def test_whoever_may_only_read_changes_nothing(home: Estate) -> None:
    endpoint, _ = await home.act(actions.create_endpoint, URL, BOX)
    run, number = home.acts.run, home.tenant.number
    for acting in (
        run(number, READER, actions.create_endpoint, URL, BOX),
        run(number, READER, actions.update_endpoint, endpoint.id, disabled=True),
        run(number, READER, actions.replay, endpoint.id, Replay(after=0, last=1, since=0, until=1)),
        run(number, READER, actions.delete_endpoint, endpoint.id),
    ):
        with pytest.raises(NotAllowed):
            await acting
    with pytest.raises(NotAllowed):
        await actions.list_endpoints(home.store, number, Actor("client", "c1", "test", frozenset({May.USERS_READ})))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm.example.com",
        "ftp://crm.example.com",
        "https://",
        "https://user:pw@crm.example.com/",
        "https://a b/",
        "https://crm.example.com/\r\nX: 1",
        "https://[::1",
        f"https://crm.example.com/{'x' * 2048}",
        "javascript:alert(1)",
    ],
)
async def test_what_is_no_address_of_the_web(home: Estate, url: str) -> None:
    with pytest.raises(Invalid, match="webhook_url"):
        await home.act(actions.create_endpoint, url, BOX)


@pytest.mark.parametrize("kind", ["*", "user", "user.", ".*", "user.exploded", "User.created", "usr.*", ""])
async def test_what_is_no_kind_of_event(home: Estate, kind: str) -> None:
    with pytest.raises(Invalid, match="webhook_kind"):
        await home.act(actions.create_endpoint, URL, BOX, kinds=["user.created", kind])


async def test_one_tenant_neither_sees_nor_changes_another_s(home: Estate) -> None:
    endpoint, _ = await home.act(actions.create_endpoint, URL, BOX)
    other = await home.store.create_tenant("other", home.clock.now())
    theirs = Estate(home.engine, home.store, home.clock, home.acts, other)
    assert await actions.list_endpoints(home.store, other.number, READER) == []
    for act, more in ((actions.delete_endpoint, {}), (actions.update_endpoint, {"disabled": True})):
        with pytest.raises(NotFound):
            await theirs.act(act, endpoint.id, **more)


async def test_there_is_an_end_to_them_and_a_disabled_one_replays_nothing(home: Estate) -> None:
    endpoint, _ = await home.act(actions.create_endpoint, URL, BOX)
    changed = await home.act(actions.update_endpoint, endpoint.id, kinds=[], description="crm", disabled=True)
    assert (changed.kinds, changed.description, changed.disabled) == ([], "crm", True)
    refusals: list[tuple[Replay, type[Refusal]]] = [
        (Replay(after=0, last=1, since=0, until=1), Conflict),
        (Replay(after=0, last=1, since=1, until=1), Invalid),
    ]
    for wanted, kind in refusals:
        with pytest.raises(kind):
            await home.act(actions.replay, endpoint.id, wanted)
    for _ in range(actions.MOST - 1):
        await home.act(actions.create_endpoint, URL, BOX)
    with pytest.raises(Conflict, match="too_many_webhooks"):
        await home.act(actions.create_endpoint, URL, BOX)
    await home.act(actions.delete_endpoint, endpoint.id)
    await home.act(actions.create_endpoint, URL, BOX)
