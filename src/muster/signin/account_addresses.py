"""/account/addresses: e-mail addresses and phone numbers, each proved by a code that was sent to it."""

from typing import Any, Final

from muster.core.account import addresses
from muster.core.account.addresses import Kind, pending_addresses
from muster.core.errors import NotFound
from muster.core.sign_in.names import dialled
from muster.core.users.model import Address
from muster.dialects.kit.call import Call
from muster.signin.account_pages import Change, Person, Section, as_person
from muster.signin.csrf import Form

_KINDS: Final[dict[str, Kind]] = {"email": "email", "phone": "phone"}


async def _shown(call: Call, person: Person) -> dict[str, Any]:
    now = call.services.clock.now()
    waiting = await pending_addresses(call.store, call.tenant_id, person.user, now)
    return {
        "lists": [_list("email", person.user.emails), _list("phone", person.user.phones)],
        "waiting": [{"id": each.id, "kind": each.kind, "value": each.value} for each in waiting],
    }


def _list(kind: Kind, held: list[Address]) -> dict[str, Any]:
    return {"kind": kind, "addresses": held}


ADDRESSES: Final = Section("addresses", "/account/addresses", _shown)


async def _add(call: Call, person: Person, form: Form) -> None:
    kind, typed = _kind(form), form.get("identifier", "").strip()
    value = dialled(typed) if kind == "phone" else typed
    await as_person(call, person, addresses.add_address, kind, value)


async def _prove(call: Call, person: Person, form: Form) -> None:
    id_, code, release = form.get("id", ""), form.get("code", "").strip(), form.get("release") == "yes"
    await as_person(call, person, addresses.prove_address, id_, code, release_it=release)


async def _cancel(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, addresses.cancel_address, form.get("id", ""))


async def _make_primary(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, addresses.make_primary, _kind(form), form.get("id", ""))


async def _remove(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, addresses.remove_address, _kind(form), form.get("id", ""))


def _kind(form: Form) -> Kind:
    kind = _KINDS.get(form.get("kind", ""))
    if kind is None:
        raise NotFound("kind")
    return kind


CHANGES: Final = (
    Change("/account/address-add", ADDRESSES, _add),
    Change("/account/address-prove", ADDRESSES, _prove),
    Change("/account/address-cancel", ADDRESSES, _cancel),
    Change("/account/address-primary", ADDRESSES, _make_primary),
    Change("/account/address-remove", ADDRESSES, _remove),
)
