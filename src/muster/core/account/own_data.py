"""All that is kept about a person, for that person to take away (Regulation (EU) 2016/679, articles 15 and 20).

What is left out is nobody's to see (hashes, keys, tokens) or not about the person: documents that programs keep for themselves,
and from where somebody else called.
"""

from typing import Any, Final

import msgspec

from muster.core.apps.model import Application
from muster.core.event_kinds import client_of, outcome_of
from muster.core.events import Event, EventReader, EventSearch
from muster.core.groups.model import Group
from muster.core.issued_credentials.model import IssuedCredential
from muster.core.organizations.model import Membership, Organization
from muster.core.sessions.model import Grant, Session
from muster.core.sign_in.model import RememberedBrowser
from muster.core.store import Store
from muster.core.users.model import Address, User

MOST_EVENTS: Final = 10_000
_PAGE: Final = 500

Json = dict[str, Any]


async def own_data(store: Store, events: EventReader, tenant_id: int, user: User, now: int) -> Json:
    """The document, of JSON values; times are milliseconds UTC. Of the events the newest `MOST_EVENTS` are in it."""
    happened = await _events(events, tenant_id, user.id)
    activity = user.activity
    return {
        "exported_at": now,
        "user": {
            "id": user.id,
            "created_at": user.created_at,
            "updated_at": user.updated_at,
            "username": user.username.value if user.username else None,
            "emails": [_address(each) for each in user.emails],
            "phones": [_address(each) for each in user.phones],
            "wallets": [_address(each) for each in user.wallets],
            "external_id": user.external_id,
            "profile": msgspec.to_builtins(user.profile),
            "claims": user.claims,
            "terms_accepted_at": user.legal_accepted_at,
            "suspended": user.suspended,
        },
        "metadata": {"public": user.metadata.public, "unsafe": user.metadata.unsafe},
        "security": _security(user),
        "activity": {
            "sign_ins": activity.logins if activity else 0,
            "last_sign_in_at": activity.last_login.at if activity and activity.last_login else None,
            "last_active_at": activity.last_active_at if activity else None,
        },
        "identities": [
            {
                "provider": link.provider,
                "subject": link.subject,
                "profile": link.profile,
                "scopes": link.scopes,
                "linked_at": link.created_at,
            }
            for link in user.links
        ],
        "groups": await _groups(store, tenant_id, user),
        "organizations": await _organizations(store, tenant_id, user),
        "credentials": [
            _without(each, "version", "user_id") for each in await store.owned(tenant_id, IssuedCredential, user.id)
        ],
        "sessions": [_session(each, now) for each in await store.owned(tenant_id, Session, user.id)],
        "grants": await _grants(store, tenant_id, user, now),
        "remembered_browsers": [
            {"user_agent": each.user_agent, "created_at": each.created_at, "expires_at": each.expires_at}
            for each in await store.owned(tenant_id, RememberedBrowser, user.id)
        ],
        "events": [_event(each, user.id) for each in happened[:MOST_EVENTS]],
        "events_complete": len(happened) <= MOST_EVENTS,
    }


def _address(address: Address) -> Json:
    return {
        "value": address.value,
        "primary": address.primary,
        "verified": address.verified,
        "verified_at": address.verified_at,
        "added_at": address.created_at,
    }


def _security(user: User) -> Json:
    return {
        "password_set_at": user.password.set_at if user.password else None,
        "second_factors": [
            {
                "kind": factor.kind,
                "name": factor.name,
                "target": factor.target,
                "confirmed": factor.confirmed,
                "created_at": factor.created_at,
            }
            for factor in user.factors
        ],
        "passkeys": [
            {"name": each.name, "created_at": each.created_at, "used_at": each.used_at, "device": each.user_agent}
            for each in user.passkeys
        ],
        "unused_codes": sum(code.used_at is None for code in user.codes),
    }


def _session(session: Session, now: int) -> Json:
    return {
        "id": session.id,
        "status": session.status(now),
        "created_at": session.created_at,
        "last_active_at": session.last_active_at,
        "ended_at": session.ended_at,
        "device": msgspec.to_builtins(session.device),
        "methods": [{"name": method.name, "at": method.at} for method in session.methods],
        "apps": session.apps,
    }


async def _grants(store: Store, tenant_id: int, user: User, now: int) -> list[Json]:
    names = {app.id: app.name for app in await store.records(tenant_id, Application)}
    return [
        {
            "kind": grant.kind,
            "app": names.get(grant.app_id, grant.app_id),
            "scopes": grant.scopes or [each.scope for each in grant.consented],
            "audiences": grant.audiences,
            "active": grant.is_active(now),
            "created_at": grant.created_at,
            "used_at": grant.used_at,
            "expires_at": grant.expires_at,
        }
        for grant in await store.owned(tenant_id, Grant, user.id)
    ]


async def _groups(store: Store, tenant_id: int, user: User) -> list[Json]:
    found = [(each, await store.get(tenant_id, Group, each.group_id)) for each in user.groups]
    return [{"name": group.name, "joined_at": each.joined_at} for each, group in found if group is not None]


async def _organizations(store: Store, tenant_id: int, user: User) -> list[Json]:
    memberships = await store.owned(tenant_id, Membership, user.id)
    found = [(each, await store.get(tenant_id, Organization, each.organization_id)) for each in memberships]
    return [
        {"name": organization.name, "role": each.role, "joined_at": each.created_at, "public_metadata": each.public}
        for each, organization in found
        if organization is not None
    ]


async def _events(reader: EventReader, tenant_id: int, user_id: str) -> list[Event]:
    found: list[Event] = []
    wanted = EventSearch(user_id=user_id)
    while len(found) <= MOST_EVENTS and (page := await reader.search(tenant_id, wanted, _PAGE)):
        found += page
        wanted = EventSearch(user_id=user_id, before=page[-1].id)
    return found


def _event(event: Event, user_id: str) -> Json:
    told: Json = {
        "at": event.at,
        "kind": event.kind,
        "outcome": outcome_of(event),
        "by": event.actor_kind,
        "client": client_of(event) or None,
        "data": event.data,
    }
    # Of a sign-in that was refused the actor is nobody yet, and its address is what the person needs to know.
    if event.actor_kind == "user" and event.actor_id in ("", user_id):
        told |= {"ip": event.context.ip or None, "user_agent": event.context.user_agent or None}
    return told


def _without(record: msgspec.Struct, *names: str) -> Json:
    told: Json = msgspec.to_builtins(record)
    return {name: value for name, value in told.items() if name not in names}
