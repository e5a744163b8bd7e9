"""MonoCloud's operations: something of everything in a tenant, and how each is called."""

from __future__ import annotations

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.sessions.actions import NewSession, start_session
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import ConsentScope, Device, Grant, GrantKind
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, IpBlock, Link, Passkey, User
from muster.dialects.monocloud.app import routes
from muster.dialects.monocloud.wire.ids import decode, encode, show_session_id
from tests.access.estate import PASSWORD, Tenant, good
from tests.access.plans import Plan, Plans

ROUTES = routes().table
CHANGING = frozenset[str]()

DAY = 24 * 3_600_000
KINDS: tuple[GrantKind, ...] = ("consent", "code", "refresh_token", "reference_token")


async def settle(tenant: Tenant) -> dict[str, str]:
    """Make what the plans are about."""
    word = tenant.word
    digits = "1" if tenant.name == "default" else "2"
    async with await tenant.house.client("monocloud", tenant.name) as http:
        person = {
            "email": f"mono@{word}.example",
            "phone_number": f"+44151496045{digits}",
            "username": f"mono_{word}",
            "name": word,
            "password": PASSWORD,
            "is_temporary_password": False,
        }
        user = good(await http.post("/users", json=person))
        url = f"/users/{user['user_id']}"
        good(await http.post(f"{url}/emails", json={"email": f"mono-spare@{word}.example"}))
        user = good(await http.post(f"{url}/phones", json={"phone_number": f"+44151496046{digits}"}))
        doomed = good(
            await http.post("/users", json={**person, "email": None, "phone_number": None, "username": "d" + word})
        )
        groups = [good(await http.post("/groups", json={"name": f"{word} {n}"}))["group_id"] for n in range(3)]
        for group in groups[:2]:
            good(await http.post(f"{url}/groups/{group}"))
        field = {"enabled": True, "required": False, "claim_name": word.lower(), "value_type": "string", "label": word}
        good(await http.post("/options/authentication/signup/custom_fields", json=field))
    id_ = decode(user["user_id"]) or ""
    await tenant.act(_google)
    await tenant.change(id_, lambda before: _signed_in(before, word, tenant.house.clock.now()))
    session, spare = await tenant.act(_start, id_), await tenant.act(_start, id_)
    grants: dict[str, str] = {kind: encode(await tenant.act(_grant, id_, kind, session)) for kind in KINDS}
    emails, phones = user["emails"], user["phone_numbers"]
    return {
        "user": user["user_id"],
        "doomed": doomed["user_id"],
        "email": emails[0]["id"],
        "email_text": f"mono@{word}.example",
        "spare_email": emails[1]["id"],
        "phone": phones[0]["id"],
        "spare_phone": phones[1]["id"],
        "group": groups[0],
        "joined_group": groups[1],
        "doomed_group": groups[2],
        "claim": word.lower(),
        "subject": f"{word}-m",
        "passkey": f"sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAg{word}0",
        "session": show_session_id(session),
        "spare_session": show_session_id(spare),
        "app": f"app{word}",
        **grants,
    }


async def _google(tx: Transaction) -> None:
    tx.insert(Connection(id="g" * 16, name="google", kind="social", strategy="google", created_at=tx.now))


def _signed_in(user: User, word: str, now: int) -> User:
    link = Link(
        id="1" * 32,
        kind="social",
        connection_id="g" * 16,
        provider="google",
        subject=f"{word}-m",
        profile={"name": word},
        created_at=now,
        updated_at=now,
    )
    passkey = Passkey(
        id="2" * 32,
        dev="d" * 16,
        credential_id=f"sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAg{word}0",
        public_key="MIICYzCCAcyg",
        created_at=now,
    )
    block = IpBlock(ip="127.0.0.1", failures=4, attempts=20, until=now + DAY, last_at=now)
    activity = replace(user.activity or Activity(), ip_blocks=[block])
    return replace(user, links=[link], passkeys=[passkey], activity=activity)


async def _start(tx: Transaction, user_id: str) -> str:
    user = await tx.need(User, user_id)
    return (await start_session(tx, user, NewSession(lifetime=DAY, apps=["console"]))).session.id


async def _grant(tx: Transaction, user_id: str, kind: GrantKind, session_id: str) -> str:
    user = await tx.need(User, user_id)
    scope = ConsentScope(scope="openid", granted_at=tx.now, expires_at=tx.now + DAY)
    word = user.profile.name or ""
    grant = Grant(
        user_id=user.id,
        kind=kind,
        app_id=f"app{word}",
        session_id=session_id,
        scopes=["openid"],
        audiences=["https://api.example.com"],
        consented=[scope] if kind == "consent" else [],
        expires_at=tx.now + DAY,
        device=Device(),
    )
    issued, _ = await issue_grant(tx, user, grant)
    return issued.id


_USER = "/api/users/{user}"
_FIELDS = "/api/options/authentication/signup/custom_fields"
_EMAIL, _SPARE_EMAIL = f"{_USER}/emails/{{email}}", f"{_USER}/emails/{{spare_email}}"
_PHONE, _SPARE_PHONE = f"{_USER}/phones/{{phone}}", f"{_USER}/phones/{{spare_phone}}"
_EMAILS, _PHONES = "/api/users/{user_id}/emails", "/api/users/{user_id}/phones"
_GRANTS = "/api/users/{user_id}/grants"

PLANS: Plans = {
    "GET /openapi.json": Plan("/openapi.json"),
    "GET /ui/passwordReset/verify": Plan("/ui/passwordReset/verify", query={"state": "x"}, status=303),
    "GET /ui/emailVerification/verify": Plan("/ui/emailVerification/verify", query={"state": "x"}, status=303),
    "GET /api/users": Plan("/api/users", query={"filter": "{email_text}"}),
    "POST /api/users": Plan("/api/users", {"email": "mono-new@example.com", "name": "New"}),
    "GET /api/users/{user_id}": Plan(_USER),
    "GET /api/users/groups/{group_id}/assigned": Plan("/api/users/groups/{group}/assigned"),
    "PUT /api/users/{user_id}/password/change": Plan(
        f"{_USER}/password/change",
        {"old_password": PASSWORD, "new_password": "Another-Pass-1", "revoke_sessions": False},
    ),
    "PUT /api/users/{user_id}/username": Plan(f"{_USER}/username", {"username": "another"}),
    "DELETE /api/users/{user_id}/username": Plan(f"{_USER}/username"),
    f"POST {_EMAILS}": Plan(f"{_USER}/emails", {"email": "mono-added@example.com"}),
    f"POST {_EMAILS}/{{identifier_id}}/verify": Plan(f"{_SPARE_EMAIL}/verify", {"verified_at": 1_700_000_000}),
    f"POST {_EMAILS}/{{identifier_id}}/primary": Plan(f"{_EMAIL}/primary"),
    f"POST {_EMAILS}/{{identifier_id}}/unverify": Plan(f"{_SPARE_EMAIL}/unverify"),
    f"POST {_EMAILS}/{{identifier_id}}/verify/link": Plan(f"{_SPARE_EMAIL}/verify/link"),
    f"DELETE {_EMAILS}/{{identifier_id}}": Plan(_SPARE_EMAIL),
    f"POST {_PHONES}": Plan(f"{_USER}/phones", {"phone_number": "+441514960470"}),
    f"POST {_PHONES}/{{identifier_id}}/verify": Plan(f"{_SPARE_PHONE}/verify"),
    f"POST {_PHONES}/{{identifier_id}}/primary": Plan(f"{_PHONE}/primary"),
    f"POST {_PHONES}/{{identifier_id}}/unverify": Plan(f"{_SPARE_PHONE}/unverify"),
    f"DELETE {_PHONES}/{{identifier_id}}": Plan(_SPARE_PHONE),
    "PUT /api/users/{user_id}/password": Plan(f"{_USER}/password", {"password": PASSWORD}),
    "POST /api/users/{user_id}/password/force_reset": Plan(f"{_USER}/password/force_reset"),
    "DELETE /api/users/{user_id}/password/force_reset": Plan(f"{_USER}/password/force_reset"),
    "POST /api/users/{user_id}/password/reset": Plan(f"{_USER}/password/reset", {"identifier": "{email_text}"}),
    "PATCH /api/users/{user_id}/claims": Plan(f"{_USER}/claims", {"given_name": "x"}),
    "GET /api/users/{user_id}/private_data": Plan(f"{_USER}/private_data"),
    "PATCH /api/users/{user_id}/private_data": Plan(f"{_USER}/private_data", {"private_data": {"a": 1}}),
    "GET /api/users/{user_id}/public_data": Plan(f"{_USER}/public_data"),
    "PATCH /api/users/{user_id}/public_data": Plan(f"{_USER}/public_data", {"public_data": {"a": 1}}),
    "POST /api/users/{user_id}/disable": Plan("/api/users/{doomed}/disable", {}),
    "POST /api/users/{user_id}/enable": Plan("/api/users/{doomed}/enable"),
    "POST /api/users/{user_id}/unblock": Plan(f"{_USER}/unblock"),
    "GET /api/users/{user_id}/blocked_ips": Plan(f"{_USER}/blocked_ips"),
    "POST /api/users/{user_id}/blocked_ips/unblock": Plan(f"{_USER}/blocked_ips/unblock", {"ip_address": "127.0.0.1"}),
    "DELETE /api/users/{user_id}/passkeys/{passkey_id}": Plan(f"{_USER}/passkeys/{{passkey}}"),
    "POST /api/users/{user_id}/external_authenticator/disconnect": Plan(
        f"{_USER}/external_authenticator/disconnect", {"authenticator": "google", "provider_user_id": "{subject}"}
    ),
    "GET /api/groups": Plan("/api/groups"),
    "POST /api/groups": Plan("/api/groups", {"name": "Another"}),
    "GET /api/groups/{group_id}": Plan("/api/groups/{group}"),
    "PATCH /api/groups/{group_id}": Plan("/api/groups/{doomed_group}", {"name": "Renamed"}),
    "GET /api/users/{user_id}/groups": Plan(f"{_USER}/groups"),
    "GET /api/users/{user_id}/groups/{group_id}": Plan(f"{_USER}/groups/{{group}}"),
    "POST /api/users/{user_id}/groups/{group_id}": Plan(f"{_USER}/groups/{{doomed_group}}"),
    "DELETE /api/users/{user_id}/groups/{group_id}": Plan(f"{_USER}/groups/{{joined_group}}"),
    "DELETE /api/groups/{group_id}": Plan("/api/groups/{doomed_group}"),
    "GET /api/users/{user_id}/sessions": Plan(f"{_USER}/sessions"),
    "GET /api/users/{user_id}/sessions/{session_id}": Plan(f"{_USER}/sessions/{{session}}"),
    "DELETE /api/users/{user_id}/sessions/{session_id}": Plan(f"{_USER}/sessions/{{spare_session}}"),
    f"GET {_GRANTS}/clients": Plan(f"{_USER}/grants/clients"),
    f"GET {_GRANTS}/consents": Plan(f"{_USER}/grants/consents"),
    f"GET {_GRANTS}/reference_tokens": Plan(f"{_USER}/grants/reference_tokens"),
    f"GET {_GRANTS}/refresh_tokens": Plan(f"{_USER}/grants/refresh_tokens"),
    f"GET {_GRANTS}/codes": Plan(f"{_USER}/grants/codes"),
    f"DELETE {_GRANTS}/consents/{{consent_id}}": Plan(f"{_USER}/grants/consents/{{consent}}"),
    f"DELETE {_GRANTS}/reference_tokens/{{token_id}}": Plan(f"{_USER}/grants/reference_tokens/{{reference_token}}"),
    f"DELETE {_GRANTS}/refresh_tokens/{{token_id}}": Plan(f"{_USER}/grants/refresh_tokens/{{refresh_token}}"),
    f"DELETE {_GRANTS}/codes/{{code_id}}": Plan(f"{_USER}/grants/codes/{{code}}"),
    f"DELETE {_GRANTS}/clients/{{client_id}}": Plan(f"{_USER}/grants/clients/{{app}}"),
    "GET /api/options/authentication": Plan("/api/options/authentication"),
    "PATCH /api/options/authentication": Plan(
        "/api/options/authentication", {"identifiers": {"username": {"minimum_length": 3}}}
    ),
    f"GET {_FIELDS}": Plan(_FIELDS),
    f"POST {_FIELDS}": Plan(
        _FIELDS,
        {"enabled": True, "required": False, "claim_name": "team", "value_type": "string", "label": "Your team"},
    ),
    f"GET {_FIELDS}/{{claim_name}}": Plan(f"{_FIELDS}/{{claim}}"),
    f"PATCH {_FIELDS}/{{claim_name}}": Plan(f"{_FIELDS}/{{claim}}", {"label": "x"}),
    f"DELETE {_FIELDS}/{{claim_name}}": Plan(f"{_FIELDS}/{{claim}}"),
    "DELETE /api/users/{user_id}/password": Plan(f"{_USER}/password"),
    "DELETE /api/users/{user_id}": Plan("/api/users/{doomed}"),
}
