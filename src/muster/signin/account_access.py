"""/account/sessions, /account/applications, /account/identities: where I am signed in, who acts in my name, and who vouches for me."""

from typing import Any, Final

from muster.core.account.links import unlink
from muster.core.account.sessions import end_other_sessions, end_own_session, own_apps, own_sessions, revoke_app
from muster.core.connections.model import Connection
from muster.core.external.config import offered
from muster.core.sessions.model import Session
from muster.dialects.kit.browser import drop_session
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.signin.account_pages import Change, Person, Section, as_person
from muster.signin.account_shown import told_device
from muster.signin.csrf import Form
from muster.signin.pages import redirect, words_for
from muster.signin.words import Words

# ----------------------------------------------------------------------------------------------------------------- sessions


async def _shown_sessions(call: Call, person: Person) -> dict[str, Any]:
    t, now = words_for(call), call.services.clock.now()
    found = await own_sessions(call.store, call.tenant_id, person.user, now)
    rows = [_session(each, t, is_this=each.id == person.session.id) for each in found]
    return {"sessions": sorted(rows, key=lambda row: not row["is_this"])}


def _session(session: Session, t: Words, *, is_this: bool) -> dict[str, Any]:
    device = session.device
    place = ", ".join(device.place[part] for part in ("city", "country") if device.place.get(part))
    return {
        "id": session.id,
        "is_this": is_this,
        "device": told_device(device.last_user_agent or device.first_user_agent, t),
        "from": " · ".join(part for part in (place, device.last_ip) if part),
        "since": session.created_at,
        "seen": session.last_active_at,
        "by_operator": session.impersonator is not None,
    }


SESSIONS: Final = Section("sessions", "/account/sessions", _shown_sessions)


async def _end_session(call: Call, person: Person, form: Form) -> Reply | None:
    other = form.get("id", "")
    await as_person(call, person, end_own_session, other)
    return _gone(call) if other == person.session.id else None


async def _end_others(call: Call, person: Person, _: Form) -> None:
    await as_person(call, person, end_other_sessions)


async def _sign_out(call: Call, person: Person, _: Form) -> Reply:
    await as_person(call, person, end_own_session, person.session.id)
    return _gone(call)


def _gone(call: Call) -> Reply:
    return redirect(call, "/account/signed-out", [drop_session(call.site)])


# ------------------------------------------------------------------------------------------------------------- applications


async def _shown_applications(call: Call, person: Person) -> dict[str, Any]:
    now = call.services.clock.now()
    return {"apps": await own_apps(call.store, call.tenant_id, person.user, now)}


APPLICATIONS: Final = Section("applications", "/account/applications", _shown_applications)


async def _revoke(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, revoke_app, form.get("id", ""))


# --------------------------------------------------------------------------------------------------------------- identities


async def _shown_identities(call: Call, person: Person) -> dict[str, Any]:
    connections = await call.store.records(call.tenant_id, Connection)
    names = {each.id: each.display_name or each.name for each in connections}
    links = [each for each in person.user.links if each.kind != "database"]
    linked = {link.connection_id for link in links}
    return {
        "links": [
            {
                "id": link.id,
                "provider": names.get(link.connection_id, link.provider),
                "who": _who(link.profile) or link.label or link.subject,
                "since": link.created_at,
            }
            for link in links
        ],
        "connections": [
            {"id": each.id, "label": names[each.id]} for each in offered(connections, "") if each.id not in linked
        ],
    }


def _who(profile: dict[str, Any]) -> str:
    """What the person goes by over there."""
    brought = (profile.get(name) for name in ("email", "preferred_username", "nickname", "name"))
    return next((text for text in brought if isinstance(text, str) and text), "")


IDENTITIES: Final = Section("identities", "/account/identities", _shown_identities)


async def _unlink(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, unlink, form.get("id", ""))


CHANGES: Final = (
    Change("/account/session-end", SESSIONS, _end_session),
    Change("/account/session-end-others", SESSIONS, _end_others),
    Change("/account/sign-out", SESSIONS, _sign_out),
    Change("/account/app-revoke", APPLICATIONS, _revoke),
    Change("/account/identity-unlink", IDENTITIES, _unlink),
)
