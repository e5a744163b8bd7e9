"""An authorization request: as it was sent (`Parameters`), while it is looked at (`Asking`), and once it is found good
(`AuthorizationRequest`), which is what a sign-in attempt and then the code remember of it.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from muster.core.apps.model import Api, Application
from muster.core.connections.model import Connection
from muster.core.users.model import Part

KNOWN: Final = frozenset(
    {
        "acr_values",
        "audience",
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "connection",
        "id_token_hint",
        "login_hint",
        "max_age",
        "nonce",
        "prompt",
        "redirect_uri",
        "registration",
        "request",
        "request_uri",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "screen_hint",
        "state",
        "ui_locales",
    }
)
"""The parameters that mean something here; RFC 6749 section 3.1 has every other ignored."""


class Parameters(NamedTuple):
    """The known parameters with a value, and the names of those sent twice: of such a one no value counts."""

    values: Mapping[str, str]
    repeated: frozenset[str]

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def words(self, name: str) -> list[str]:
        """A list separated by blanks, without repetitions, in its order."""
        return list(dict.fromkeys(word for word in self.get(name).split(" ") if word))


def parameters_of(sent: Mapping[str, list[str]]) -> Parameters:
    """What was sent; a parameter without a value counts as left out (RFC 6749 section 3.1)."""
    given = {name: values for name, values in sent.items() if name in KNOWN}
    repeated = frozenset(name for name, values in given.items() if len(values) > 1)
    return Parameters(
        {name: values[0] for name, values in given.items() if values[0] and name not in repeated}, repeated
    )


class Asking(NamedTuple):
    """What the checks look at. `userinfo` is the address of our userinfo endpoint. `api` and `connection` are what the parameters of that meaning name, `hint` the claims of a
    genuine `id_token_hint`; each None when there is no such thing.
    """

    parameters: Parameters
    app: Application
    redirect_uri: str
    userinfo: str = ""
    api: Api | None = None
    connection: Connection | None = None
    hint: Mapping[str, Any] | None = None


class AuthorizationRequest(Part, frozen=True, kw_only=True):
    """A request that passed every check. `subject` is whom it must be about; `scopes` are those that the application may have."""

    app_id: str
    redirect_uri: str
    response_mode: str = "query"
    state: str = ""
    nonce: str = ""
    code_challenge: str = ""
    scopes: list[str] = []
    audience: str = ""
    subject: str = ""

    def kept(self) -> dict[str, Any]:
        """The request as an attempt keeps it."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept


def kept_request(kept: Mapping[str, Any]) -> AuthorizationRequest:
    """The request that `AuthorizationRequest.kept` was made of; raises `msgspec.ValidationError` for anything else."""
    return msgspec.convert(kept, AuthorizationRequest)
