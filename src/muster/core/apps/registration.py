"""Registering an application by what it is, as an operator thinks of it: what it may ask for, and how it proves itself."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from muster.core.apps.model import Application, ClientAuthentication
from muster.core.apps.redirection import problem_of
from muster.core.errors import Invalid
from muster.core.ids import random_text
from muster.core.security import SecretBox

Kind = Literal["web", "spa", "native", "machine"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

ID_LENGTH: Final = 32
SECRET_LENGTH: Final = 64

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"


class Registered(NamedTuple):
    """What a kind of application is: its grants (RFC 6749, RFC 8628), and how it authenticates."""

    grant_types: tuple[str, ...]
    authentication: ClientAuthentication


WHAT_IT_IS: Final[dict[Kind, Registered]] = {
    "web": Registered(("authorization_code", "refresh_token"), "client_secret"),
    "spa": Registered(("authorization_code", "refresh_token"), "none"),
    "native": Registered(("authorization_code", "refresh_token", DEVICE_CODE), "none"),
    "machine": Registered(("client_credentials",), "client_secret"),
}
"""Whatever runs on other people's devices can keep no secret (RFC 8252 section 8.5) and has PKCE instead."""


class Wanted(NamedTuple):
    """A registration. A machine signs nobody in and has no addresses."""

    name: str
    kind: Kind
    redirect_uris: Sequence[str] = ()
    logout_uris: Sequence[str] = ()
    backchannel_logout_uri: str = ""
    first_party: bool = True
    signing_alg: str = "RS256"


def register(wanted: Wanted, box: SecretBox) -> tuple[Application, str | None]:
    """The application, with a new id, and its secret if its kind has one.

    `Invalid`: `redirect_uri` (detail: the uri and why, see `redirection.problem_of`), `redirect_uri_missing`, `machine_address`.
    """
    addresses = [*wanted.redirect_uris, *wanted.logout_uris]
    if wanted.backchannel_logout_uri:
        addresses.append(wanted.backchannel_logout_uri)
    if wanted.kind == "machine" and addresses:
        raise Invalid("machine_address")
    if wanted.kind != "machine" and not wanted.redirect_uris:
        raise Invalid("redirect_uri_missing")
    for uri in addresses:
        why = problem_of(uri)
        if why is not None:
            raise Invalid("redirect_uri", uri=uri, why=why)
    what = WHAT_IT_IS[wanted.kind]
    id_ = random_text(ID_LENGTH)
    secret = None if what.authentication == "none" else random_text(SECRET_LENGTH)
    app = Application(
        id=id_,
        name=wanted.name,
        secret=None if secret is None else box.seal(secret.encode(), purpose=f"client_secret:{id_}"),
        grant_types=list(what.grant_types),
        redirect_uris=list(dict.fromkeys(wanted.redirect_uris)),
        post_logout_uris=list(dict.fromkeys(wanted.logout_uris)),
        authentication=what.authentication,
        require_pkce=what.authentication == "none",
        signing_alg=wanted.signing_alg,
        first_party=wanted.first_party,
        backchannel_logout_uri=wanted.backchannel_logout_uri,
    )
    return app, secret
