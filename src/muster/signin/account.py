"""The account's table of contents: its sections, its forms, and the pages after which one is no longer signed in."""

from typing import Final

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Handler, Route
from muster.signin import account_access, account_addresses, account_data, account_profile, account_security
from muster.signin.account_pages import changing, showing, signed_in, to_sign_in
from muster.signin.pages import page, redirect

SECTIONS: Final = (
    account_profile.OVERVIEW,
    account_security.SECURITY,
    account_addresses.ADDRESSES,
    account_access.SESSIONS,
    account_access.APPLICATIONS,
    account_access.IDENTITIES,
    account_data.DATA,
    account_data.DELETE,
)

CHANGES: Final = (
    *account_profile.CHANGES,
    *account_security.CHANGES,
    *account_addresses.CHANGES,
    *account_access.CHANGES,
    *account_data.CHANGES,
)

_PAGES: Final = {section.name: section.path for section in SECTIONS}


async def confirm(call: Call) -> Reply:
    """Prove once more that it is you, and back to the section that `?section=` names."""
    path = _PAGES.get(call.query().get("section", [""])[-1], "/account")
    person = await signed_in(call)
    return await to_sign_in(call, path, person)


def farewell(name: str) -> Handler:
    """A page for nobody in particular, which somebody who is signed in has no business with."""

    async def show(call: Call) -> Reply:
        if await signed_in(call) is not None:
            return redirect(call, "/account")
        return page(call, "account/farewell.html", what=name)

    return show


ROUTES: Final = [
    *(Route("GET", each.path, showing(each), needs=None, title=f"Show the account: {each.name}") for each in SECTIONS),
    *(
        Route("POST", each.path, changing(each), needs=None, title=f"Change the account: {each.name}")
        for each in CHANGES
    ),
    Route("GET", account_security.AUTHENTICATOR, account_security.show_app, needs=None, title="Show an app's picture"),
    Route("POST", "/account/app-confirm", account_security.confirm_app, needs=None, title="Confirm an app"),
    Route("GET", "/account/confirm", confirm, needs=None, title="Prove once more who is asking"),
    Route("GET", "/account/signed-out", farewell("signed_out"), needs=None, title="Say that one is signed out"),
    Route("GET", "/account/deleted", farewell("deleted"), needs=None, title="Say that the account is gone"),
]
