"""Where the answer goes. Compared character by character (RFC 9700 section 2.1), and never guessed (OpenID Connect Core 3.1.2.1)."""

from muster.core.apps.model import Application
from muster.core.apps.redirection import is_registered, problem_of
from muster.oidc.errors import Misdirected
from muster.oidc.request import Parameters


def redirect_uri_of(app: Application, parameters: Parameters) -> str:
    """The address to answer to; `Misdirected` when it is not one of the application's, so that no error goes there either."""
    if "redirect_uri" in parameters.repeated:
        raise Misdirected("duplicate_parameter")
    uri = parameters.get("redirect_uri")
    if not uri:
        raise Misdirected("redirect_uri_missing")
    must_be_registered(app, uri)
    return uri


def must_be_registered(app: Application, uri: str) -> None:
    """Refuse any other address, and those that no browser should see, whatever let them be registered."""
    unfit = problem_of(uri, plain_http=True) is not None
    if unfit or not is_registered(uri, app.redirect_uris, any_port=app.authentication == "none"):
        raise Misdirected("redirect_uri")
