"""Forms, and the proof that a page of ours was what sent one: a value that only this browser and this server can make, and the
headers with which a browser says where a request comes from.
"""

import hashlib
import hmac
from typing import Final

from muster.dialects.kit.browser import browser_secret, refuse_foreign
from muster.dialects.kit.call import Call, parse_query
from muster.dialects.kit.errors import BadRequest, Forbidden

FIELD: Final = "csrf"
MOST_FIELDS: Final = 100

Form = dict[str, str]


def csrf_token(secret: str) -> str:
    """What every form of a browser with this secret carries."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def must_match(call: Call, form: Form, secret: str) -> None:
    """`Forbidden("csrf")` unless the form was made for this browser, `Forbidden("foreign_origin")` if another site sent it."""
    refuse_foreign(call)
    given = form.get(FIELD, "")
    if not secret or not hmac.compare_digest(given.encode(), csrf_token(secret).encode()):
        raise Forbidden("csrf")


def own_form(call: Call) -> Form:
    """The fields of a form that a page of ours sent; refuses every other."""
    form = read_form(call)
    must_match(call, form, browser_secret(call))
    return form


def read_form(call: Call) -> Form:
    """The fields of a form (application/x-www-form-urlencoded), the last of each name; whoever sent it.

    `BadRequest`: `media_type`, `too_many_fields`, and `query_encoding` for broken escapes, UTF-8 and NUL.
    """
    media = (call.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if media != b"application/x-www-form-urlencoded":
        raise BadRequest("media_type", media=media.decode("latin-1"))
    if call.body.count(b"&") > MOST_FIELDS:
        raise BadRequest("too_many_fields", limit=MOST_FIELDS)
    return {name: values[-1] for name, values in parse_query(call.body).items()}
