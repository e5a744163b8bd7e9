"""Carrying an answer to the application through the browser: OAuth 2.0 Multiple Response Types section 2.1, Form Post Response
Mode, and RFC 9207, by which every answer says whose it is.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header, Reply
from muster.oidc.pages import posted


async def answer(
    call: Call, redirect_uri: str, mode: str, state: str, values: Mapping[str, str], headers: Sequence[Header] = ()
) -> Reply:
    """The answer with these values; the issuer (RFC 9207) and, if one was sent, the state are added here."""
    whole = {**values, **({"state": state} if state else {}), "iss": call.site.public_url}
    if mode == "form_post":
        return await posted(call, redirect_uri, whole, headers)
    if mode == "fragment":
        return redirect(f"{redirect_uri}#{urlencode(whole)}", headers)
    joint = "&" if "?" in redirect_uri else "?"
    return redirect(f"{redirect_uri}{joint}{urlencode(whole)}", headers)


def redirect(address: str, headers: Sequence[Header] = ()) -> Reply:
    """Send the browser on, without its method and body (RFC 9700 section 4.12), and without telling where it comes from."""
    own = (
        (b"location", address.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    )
    return Reply(303, b"", (*own, *headers))
