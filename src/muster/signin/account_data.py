"""/account/data and /account/delete: everything that is kept about me, to take away; and the end of the account."""

from typing import Any, Final

import msgspec

from muster.core.account.access import is_recent
from muster.core.account.deletion import delete_account, may_delete
from muster.core.account.own_data import own_data
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Invalid
from muster.dialects.kit.browser import drop_session
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.signin.account_pages import Change, Person, Section, as_person
from muster.signin.csrf import Form
from muster.signin.pages import redirect, words_for
from muster.signin.words import languages, texts_of

WORD: Final = "account.delete.word"


async def _shown_data(call: Call, person: Person) -> dict[str, Any]:
    return {"may_delete": await may_delete(call.store, call.tenant_id, person.user)}


DATA: Final = Section("data", "/account/data", _shown_data)


async def _download(call: Call, person: Person, _: Form) -> Reply:
    """All of it as one JSON document. Whoever merely found a browser open must not carry it off."""
    now = call.services.clock.now()
    if not is_recent(person.session, now):
        raise CredentialRefused("reauthenticate")
    document = await own_data(call.store, call.services.account.events, call.tenant_id, person.user, now)
    headers = (
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-disposition", b'attachment; filename="account.json"'),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Reply(200, msgspec.json.format(msgspec.json.encode(document), indent=2), headers)


async def _shown_delete(call: Call, person: Person) -> dict[str, Any]:
    return {"may_delete": await may_delete(call.store, call.tenant_id, person.user), "word": words_for(call)(WORD)}


DELETE: Final = Section("delete", "/account/delete", _shown_delete)


async def _delete(call: Call, person: Person, form: Form) -> Reply:
    """The word that is asked for, in whichever language it was read; then nothing is left."""
    wanted = {texts_of(language)[WORD].casefold() for language in languages()} | {words_for(call)(WORD).casefold()}
    if form.get("word", "").strip().casefold() not in wanted:
        raise Invalid("account_word")
    await as_person(call, person, delete_account)
    return redirect(call, "/account/deleted", [drop_session(call.site)])


CHANGES: Final = (
    Change("/account/data-download", DATA, _download),
    Change("/account/delete", DELETE, _delete),
)
