"""/account/security: the password, passkeys, the authenticator app, codes for a rainy day, and browsers that are remembered."""

from typing import Any, Final

import msgspec

from muster.core.account.factors import Enrolment, codes_left, make_backup_codes, remove_totp
from muster.core.account.passkeys import remove_passkey, rename_passkey
from muster.core.account.sessions import forget_browser, remembered_browsers
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.second_factors import has_second_factor, last_used, totp_factors
from muster.core.errors import Conflict, Refusal
from muster.core.passkeys.actions import last_used as passkey_last_used
from muster.core.passkeys.model import RelyingParty, relying_party
from muster.core.users.shown import primary
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.signin.account_faults import account_fault
from muster.signin.account_pages import Change, Person, Section, as_person, framed, signed_in, to_sign_in
from muster.signin.account_services import OwnAccount
from muster.signin.account_shown import told_device
from muster.signin.csrf import Form, own_form
from muster.signin.pages import redirect, visit_of, words_for

AUTHENTICATOR: Final = "/account/authenticator"


async def _shown(call: Call, person: Person) -> dict[str, Any]:
    user, t, now = person.user, words_for(call), call.services.clock.now()
    browsers = await remembered_browsers(call.store, call.tenant_id, user, now)
    passkeys = [
        {
            "id": each.id,
            "name": each.name or told_device(each.user_agent or "", t),
            "created_at": each.created_at,
            "used_at": passkey_last_used(user, each),
        }
        for each in user.passkeys
    ]
    app = next(iter(totp_factors(user, confirmed=True)), None)
    return {
        "identifier": _identifier(person),
        "password_rules": visit_of(call).settings.password,
        "passkeys": passkeys,
        "may_add_passkey": _party(call) is not None,
        "app": None if app is None else {"since": app.enrolled_at or app.created_at, "used_at": last_used(user, app)},
        "has_second_factor": has_second_factor(user),
        "codes_left": codes_left(user),
        "browsers": [
            {
                "id": each.id,
                "device": told_device(each.user_agent, t),
                "since": each.created_at,
                "until": each.expires_at,
            }
            for each in browsers
        ],
    }


SECURITY: Final = Section("security", "/account/security", _shown)


# ----------------------------------------------------------------------------------------------------------------- password


async def _change_password(call: Call, person: Person, form: Form) -> None:
    own, (session, user) = _own(call), person
    new = form.get("password", "")
    if user.password is None:
        await own.password.set_first(call.tenant_id, user, session.id, new, call.context)
    else:
        await own.password.change(call.tenant_id, user, session.id, form.get("current", ""), new, call.context)


# ----------------------------------------------------------------------------------------------------------------- passkeys


async def _begin_passkey(call: Call, person: Person, _: Form) -> Reply:
    """The page on which the browser makes one. It holds a challenge of its own, so it is the answer to a form and not kept."""
    party = _needed_party(call)
    options = await _own(call).passkeys.begin(call.tenant_id, person.user, person.session.id, party, call.context)
    t = words_for(call)
    name = told_device((call.header(b"user-agent") or b"").decode("latin-1"), t)
    told = msgspec.json.encode(options).decode()
    return framed(call, person, "account/passkey.html", here=None, section="security", options=told, usual_name=name)


async def _add_passkey(call: Call, person: Person, form: Form) -> None:
    session_id, credential, name = person.session.id, form.get("credential", ""), form.get("name", "")
    passkeys, party = _own(call).passkeys, _needed_party(call)
    await passkeys.add(call.tenant_id, person.user, session_id, party, credential, name, call.context)


async def _rename_passkey(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, rename_passkey, form.get("id", ""), form.get("name", ""))


async def _remove_passkey(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, remove_passkey, form.get("id", ""))


# -------------------------------------------------------------------------------------------------------- authenticator app


async def _begin_app(call: Call, person: Person, _: Form) -> Reply:
    await _begun(call, person)
    return redirect(call, AUTHENTICATOR)


async def show_app(call: Call) -> Reply:
    """The picture of an authenticator app that was begun; without one there is nothing to show."""
    person = await signed_in(call)
    if person is None:
        return await to_sign_in(call, SECURITY.path)
    return await _app_page(call, person)


async def confirm_app(call: Call) -> Reply:
    """The app's first code. A wrong one shows the picture again."""
    form = own_form(call)
    person = await signed_in(call)
    if person is None:
        return await to_sign_in(call, SECURITY.path)
    session_id, code = person.session.id, form.get("code", "")
    try:
        await _own(call).factors.confirm_totp(call.tenant_id, person.user, session_id, code, call.context)
    except Refusal as refusal:
        if refusal.code == "nothing_to_confirm":
            return redirect(call, SECURITY.path)
        return await _app_page(call, person, refusal)
    return redirect(call, f"{SECURITY.path}?done=app-confirm")


async def _app_page(call: Call, person: Person, refusal: Refusal | None = None) -> Reply:
    from muster.signin.qr import picture

    if not totp_factors(person.user, confirmed=False):
        return redirect(call, SECURITY.path)
    try:
        if refusal is not None and refusal.code == "reauthenticate":
            raise refusal
        enrolment = await _begun(call, person)
    except CredentialRefused as refused:
        if refused.code == "reauthenticate":
            return await to_sign_in(call, AUTHENTICATOR, person)
        raise
    fault = None if refusal is None else account_fault(refusal)
    more = {"enrolment": enrolment, "qr": picture(enrolment.uri), "fault": fault}
    return framed(call, person, "account/authenticator.html", here=AUTHENTICATOR, section="security", **more)


async def _begun(call: Call, person: Person) -> Enrolment:
    issuer = visit_of(call).settings.branding.name or "Muster"
    return await _own(call).factors.begin_totp(call.tenant_id, person.user, person.session.id, issuer, call.context)


async def _remove_app(call: Call, person: Person, _: Form) -> None:
    await as_person(call, person, remove_totp)


# ------------------------------------------------------------------------------------------------------- codes and browsers


async def _make_codes(call: Call, person: Person, _: Form) -> Reply:
    """New codes, shown in this answer and never again."""
    codes = await as_person(call, person, make_backup_codes)
    return framed(call, person, "account/codes.html", here=None, section="security", codes=codes)


async def _forget_browser(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, forget_browser, form.get("id") or None)


def _own(call: Call) -> OwnAccount:
    own: OwnAccount = call.services.account
    return own


def _party(call: Call) -> RelyingParty | None:
    return relying_party(call.site.public_url, visit_of(call).settings.branding.name)


def _needed_party(call: Call) -> RelyingParty:
    party = _party(call)
    if party is None:
        raise Conflict("no_passkeys_here")
    return party


def _identifier(person: Person) -> str:
    """What a password manager keeps the password under."""
    address, username = primary(person.user.emails), person.user.username
    return address.value if address is not None else username.value if username is not None else ""


CHANGES: Final = (
    Change("/account/password", SECURITY, _change_password),
    Change("/account/passkey", SECURITY, _begin_passkey),
    Change("/account/passkey-add", SECURITY, _add_passkey),
    Change("/account/passkey-rename", SECURITY, _rename_passkey),
    Change("/account/passkey-remove", SECURITY, _remove_passkey),
    Change("/account/app-begin", SECURITY, _begin_app),
    Change("/account/app-remove", SECURITY, _remove_app),
    Change("/account/codes", SECURITY, _make_codes),
    Change("/account/browser-forget", SECURITY, _forget_browser),
)
