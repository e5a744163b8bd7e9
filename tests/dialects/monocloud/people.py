"""Users with all that a user can have: most of it comes from signing in, which this API cannot do."""

from typing import Any, NamedTuple

import httpx
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.records import Key
from muster.core.sessions.actions import NewSession, start_session
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import ConsentScope, Device, Grant, GrantKind
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, IpBlock, Link, Lock, Passkey, Seen, User
from muster.dialects.monocloud.wire.ids import decode, encode, show_session_id
from tests.dialects.monocloud.service import MonoCloud

HOUR = 3_600_000
DAY = 24 * HOUR
APP = "eCOGRJYpnNwwAAuCeReEW"
SUBJECT = "79a500f9-aba6-4f03-baec-c18f4b7136ad"
PASSWORD = "SuperStrongPass12345!!!"


class Jane(NamedTuple):
    """The ids of everything, as the API spells them."""

    user_id: str
    email: str
    spare_email: str
    phone: str
    spare_phone: str
    passkey: str
    group: str
    session: str
    grants: dict[GrantKind, str]


async def jane(monocloud: MonoCloud) -> Jane:
    """A user with two e-mails and phones, a passkey, an identity at Google, a group, a session, grants, and a lockout."""
    async with monocloud.client() as client:
        user = (
            await client.post(
                "/users",
                json={
                    "email": "jane@example.com",
                    "email_verified": True,
                    "phone_number": "+441514960453",
                    "username": "Jane",
                    "name": "Jane Doe",
                    "password": PASSWORD,
                    "is_temporary_password": False,
                },
            )
        ).json()
        url = f"/users/{user['user_id']}"
        await client.post(f"{url}/emails", json={"email": "spare@example.com"})
        user = (await client.post(f"{url}/phones", json={"phone_number": "+441514960454"})).json()
        group = (await client.post("/groups", json={"name": "Administrators"})).json()
        await client.post(f"{url}/groups/{group['group_id']}")
    await monocloud.act(_make_google)
    await monocloud.change(user["user_id"], lambda before: _signed_in(before, monocloud.clock.now()))
    session = await monocloud.act(_start, user["user_id"])
    grants: dict[GrantKind, str] = {}
    kinds: tuple[GrantKind, ...] = ("consent", "code", "refresh_token", "reference_token")
    for kind in kinds:
        grants[kind] = await monocloud.act(_grant, user["user_id"], kind, session)
    await monocloud.change(user["user_id"], lambda before: _locked(before, monocloud.clock.now()))
    return Jane(
        user_id=user["user_id"],
        email=user["emails"][0]["id"],
        spare_email=user["emails"][1]["id"],
        phone=user["phone_numbers"][0]["id"],
        spare_phone=user["phone_numbers"][1]["id"],
        passkey="sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAgCYxouA",
        group=group["group_id"],
        session=show_session_id(session),
        grants=grants,
    )


async def shown(client: httpx.AsyncClient, user_id: str) -> dict[str, Any]:
    """The user as the API shows it now."""
    answer = await client.get(f"/users/{user_id}")
    assert answer.status_code == 200, answer.text
    user: dict[str, Any] = answer.json()
    return user


async def _make_google(tx: Transaction) -> None:
    if await tx.find(Connection, Key("", "connection_name", "google")) is None:
        tx.insert(Connection(id="g" * 16, name="google", kind="social", strategy="google", created_at=tx.now))


def _signed_in(user: User, now: int) -> User:
    link = Link(
        id="1" * 32,
        kind="social",
        connection_id="g" * 16,
        provider="google",
        subject=SUBJECT,
        profile={"email": "jane@example.com", "name": "Jane Doe"},
        created_at=now,
        updated_at=now,
    )
    passkey = Passkey(
        id="2" * 32,
        dev="d" * 16,
        credential_id="sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAgCYxouA",
        public_key="MIICYzCCAcyg",
        aaguid="204a871ff7c4465ca81f83d7ad4d04ee",
        name="Phone",
        created_at=now,
    )
    return replace(user, links=[link], passkeys=[passkey])


def _locked(user: User, now: int) -> User:
    activity = user.activity or Activity()
    block = IpBlock(ip="127.0.0.1", failures=4, attempts=20, until=now + DAY, last_at=now)
    return replace(
        user,
        activity=replace(
            activity,
            failures=3,
            attempts=21,
            last_attempt=Seen(at=now, ip="1.1.1.1"),
            place={"city": "New York"},
            lock=Lock(at=now, cause="failures", until=now + HOUR),
            ip_blocks=[block, replace(block, ip="1.1.1.1", failures=9, until=now + HOUR)],
        ),
    )


async def _start(tx: Transaction, user_id: str) -> str:
    user = await tx.need(User, decode(user_id) or "")
    place = {"city": "Los Angeles", "latitude": "34.043238", "longitude": "-118.250918"}
    started = await start_session(tx, user, NewSession(lifetime=DAY, apps=[APP], place=place))
    return started.session.id


async def _grant(tx: Transaction, user_id: str, kind: GrantKind, session_id: str) -> str:
    user = await tx.need(User, decode(user_id) or "")
    scope = ConsentScope(scope="openid", granted_at=tx.now, expires_at=tx.now + DAY)
    grant = Grant(
        user_id=user.id,
        kind=kind,
        app_id=APP,
        session_id=session_id,
        session_bound=kind == "reference_token",
        scopes=["openid"],
        audiences=["https://api.example.com"],
        consented=[scope] if kind == "consent" else [],
        expires_at=tx.now + HOUR,
        device=Device(),
    )
    issued, _ = await issue_grant(tx, user, grant)
    return encode(issued.id)
