"""The pages around a visit to an external identity provider: leaving for it, and coming back.

Leaving is a form of ours. Coming back is, by its nature, a request that another site caused: what binds it to this browser is the
state, whose attempt the browser's own secret must open. A provider that posts its answer makes the browser come without our
cookies (SameSite); such an answer is taken in, and the browser sent on to fetch it with them.
"""

from typing import Final
from urllib.parse import urlencode

from muster.core.errors import Refusal
from muster.core.external.providers import Departure
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.signin.account_access import IDENTITIES
from muster.signin.account_faults import account_fault
from muster.signin.account_pages import shown, signed_in, to_sign_in
from muster.signin.csrf import own_form, read_form
from muster.signin.errors import fault_of
from muster.signin.pages import Place, elsewhere, page, redirect, visit_of
from muster.signin.services import Services
from muster.signin.sign_in import answer, onward

ANSWER: Final = ("code", "state", "iss", "error", "user")
"""What is read of an answer that was posted to us, and nothing else of it."""

LONGEST_ANSWER: Final = 8_000

LINK: Final = "identity-link"


async def leave(call: Call) -> Reply:
    """To the provider that the person chose."""
    form = own_form(call)
    services: Services = call.services
    attempt_id, secret, id_ = form.get("attempt", ""), visit_of(call).secret, call.path["connection_id"]
    try:
        departure = await services.external.begin(
            call.tenant_id, attempt_id, secret, id_, call.site.public_url, call.context
        )
    except Refusal as refused:
        return await _refused(call, refused, attempt_id)
    return await _leaving(call, departure, id_)


async def leave_to_link(call: Call) -> Reply:
    """To a provider whose identity is to be added to the account that is signed in."""
    own_form(call)
    person = await signed_in(call)
    if person is None:
        return await to_sign_in(call, IDENTITIES.path)
    services: Services = call.services
    secret, id_ = visit_of(call).secret, call.path["connection_id"]
    try:
        departure = await services.external.begin_adding(
            call.tenant_id, person.session, secret, id_, call.site.public_url, call.context
        )
    except Refusal as refused:
        if refused.code == "reauthenticate":
            return await to_sign_in(call, IDENTITIES.path, person)
        return await shown(call, person, IDENTITIES, fault=account_fault(refused), at=LINK)
    return await _leaving(call, departure, id_)


async def come_back(call: Call) -> Reply:
    """Back from a provider, with our cookies."""
    services: Services = call.services
    query = {name: values[-1] for name, values in call.query().items()}
    secret, id_ = visit_of(call).secret, call.path["connection_id"]
    try:
        returned = await services.external.come_back(
            call.tenant_id, id_, secret, query, call.site.public_url, call.context
        )
    except Refusal as refused:
        return await _refused(call, refused, str(refused.detail.get("attempt_id", "")))
    attempt_id = returned.attempt.id
    if returned.outcome == "linked":
        return redirect(call, f"{IDENTITIES.path}?done={LINK}")
    if returned.outcome == "sign_up":
        return redirect(call, f"/sign-up?attempt={attempt_id}")
    view = await services.sign_in.view(call.tenant_id, attempt_id, secret, call.context)
    return await onward(call, view)


async def come_back_by_post(call: Call) -> Reply:
    """Back by a form that the provider sent (OAuth 2.0 Form Post Response Mode): once more, by an address."""
    form = read_form(call)
    return _once_more(call, {name: form[name] for name in ANSWER if name in form})


async def assertion(call: Call) -> Reply:
    """An assertion by SAML's POST binding; it is checked and kept, and the browser sent to fetch it."""
    form = read_form(call)
    services: Services = call.services
    given = {"SAMLResponse": form.get("SAMLResponse", ""), "state": form.get("RelayState", "")}
    state = await services.external.receive(
        call.tenant_id, call.path["connection_id"], given, call.site.public_url, call.context
    )
    return _once_more(call, {"state": state})


async def metadata(call: Call) -> Reply:
    """What a SAML identity provider is given of us."""
    services: Services = call.services
    document = await services.external.metadata(call.tenant_id, call.path["connection_id"], call.site.public_url)
    return Reply(200, document, [(b"content-type", b"application/samlmetadata+xml"), (b"cache-control", b"no-store")])


def _once_more(call: Call, query: dict[str, str]) -> Reply:
    """The same address by GET. No cookie is set: one that did not come along is not missing."""
    location = call.raw_path + b"?" + urlencode(query).encode()
    if len(location) > LONGEST_ANSWER:
        raise BadRequest("too_large", limit=LONGEST_ANSWER)
    return Reply(
        303, b"", [(b"location", location), (b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer")]
    )


async def _leaving(call: Call, departure: Departure, connection_id: str) -> Reply:
    services: Services = call.services
    name = await services.external.name_of(call.tenant_id, connection_id)
    if not departure.fields:
        return elsewhere(call, departure.url, name)
    place = Place(here=None, leads_to=(departure.url,))
    return page(call, "elsewhere_by_form.html", place=place, address=departure.url, fields=departure.fields, name=name)


async def _refused(call: Call, refused: Refusal, attempt_id: str) -> Reply:
    """The page that the attempt is at, saying why; or the account's, for somebody who wanted to add an identity there."""
    if refused.detail.get("linking"):
        person = await signed_in(call)
        if person is not None:
            return await shown(call, person, IDENTITIES, fault=account_fault(refused), at=LINK)
    fault = fault_of(refused)
    if not attempt_id:
        raise refused
    services: Services = call.services
    view = await services.sign_in.view(call.tenant_id, attempt_id, visit_of(call).secret, call.context)
    return await answer(call, view, fault)


ROUTES = [
    Route("POST", "/sign-in/external/{connection_id}", leave, needs=None, title="Leave for an identity provider"),
    Route("POST", "/account/identities/{connection_id}", leave_to_link, needs=None, title="Leave to add an identity"),
    Route("GET", "/sign-in/callback/{connection_id}", come_back, needs=None, title="Come back from a provider"),
    Route("POST", "/sign-in/callback/{connection_id}", come_back_by_post, needs=None, title="Come back by a form"),
    Route("POST", "/sign-in/saml/{connection_id}/acs", assertion, needs=None, title="Take a SAML assertion"),
    Route("GET", "/sign-in/saml/{connection_id}/acs", come_back, needs=None, title="Fetch what an assertion said"),
    Route(
        "GET", "/sign-in/saml/{connection_id}/metadata", metadata, needs=None, title="Describe us to a SAML provider"
    ),
]
