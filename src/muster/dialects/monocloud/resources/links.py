"""Where this vendor's links in mails lead: on to the hosted pages, which know the tickets in them."""

from typing import Final
from urllib.parse import quote

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Handler, Route
from muster.dialects.monocloud.resources.identifiers import VERIFICATION_PATH
from muster.dialects.monocloud.resources.passwords import RESET_PATH

RESET_PAGE: Final = "sign-in/reset"
VERIFICATION_PAGE: Final = "sign-in/verify"


def _onward(page: str) -> Handler:
    async def follow(call: Call) -> Reply:
        ticket = quote(call.query().get("state", [""])[-1], safe="")
        location = f"{call.site.public_url}{page}?ticket={ticket}".encode()
        return Reply(303, b"", [(b"location", location), (b"cache-control", b"no-store")])

    return follow


ROUTES = [
    Route("GET", f"/{RESET_PATH}", _onward(RESET_PAGE), needs=None, title="Follow a link for a new password"),
    Route("GET", f"/{VERIFICATION_PATH}", _onward(VERIFICATION_PAGE), needs=None, title="Follow a link that proves"),
]
"""Their paths are whole, as they stand in the links."""
