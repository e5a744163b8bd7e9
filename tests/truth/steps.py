"""The calls of the cross-check's table, one short word for each: `clerk(first_name="Ada")` is a PATCH of Clerk's user."""

from collections.abc import Mapping
from typing import Any, Final

from tests.truth.drivers import REALM
from tests.truth.fact import Step, Steps

PASSWORD: Final = "correct horse battery 1"
EMAIL: Final = "new{n}@truth.example"


def auth0_new(**body: Any) -> Step:
    return Step("POST", "/users", {"connection": REALM, "password": PASSWORD, "verify_email": False, **body})


def auth0(**body: Any) -> Step:
    return Step("PATCH", ".", body, of="auth0")


def clerk_new(**body: Any) -> Step:
    return Step("POST", "/users", {**body, **({} if "password" in body else {"skip_password_requirement": True})})


def clerk(**body: Any) -> Step:
    return Step("PATCH", ".", body, of="clerk")


def clerk_do(act: str, **body: Any) -> Step:
    return Step("POST", f"./{act}", body or None, of="clerk")


def monocloud_new(**body: Any) -> Step:
    return Step("POST", "/users", {**body, "skip_conformance_checks": True})


def monocloud(part: str, **body: Any) -> Step:
    """A PATCH of the claims, or of one of the two documents."""
    return Step("PATCH", f"./{part}", body, of="monocloud")


def monocloud_do(act: str, **body: Any) -> Step:
    return Step("POST", f"./{act}", body or None, of="monocloud")


def mattr_new(**claims: Any) -> Step:
    return Step("POST", "/users", {"claims": claims})


def mattr(**claims: Any) -> Step:
    """All claims are replaced."""
    return Step("PUT", ".", {"claims": claims}, of="mattr")


def netwrix_new(**details: Any) -> Step:
    body = {"UserDetails": {"UserName": "new{n}", **details}, "Password": PASSWORD}
    return Step("POST", "/users/add", body)


def netwrix(**details: Any) -> Step:
    return Step("POST", "/users/update", {"UserDetails": {"UserName": "{id}", **details}}, of="netwrix")


NEW: Final[dict[str, Step]] = {
    "auth0": auth0_new(email=EMAIL),
    "clerk": clerk_new(email_address=[EMAIL]),
    "monocloud": monocloud_new(email=EMAIL),
    "mattr": mattr_new(),
    "netwrix": netwrix_new(),
}
"""How each dialect makes somebody of whom nothing more is said."""

BORN: Final[dict[str, Steps]] = {name: (step,) for name, step in NEW.items()}
"""The same as writes of a fact: that somebody is new."""


def by(
    *,
    auth0: str = "",
    clerk: Mapping[str, str] | None = None,
    monocloud: str = "",
    mattr: Any = None,
    netwrix: str = "",
) -> dict[str, Any]:
    """What a fact is found by: `q` of Auth0, the parameters of Clerk, the filter of MonoCloud, claims, a name."""
    asked: dict[str, Any] = {
        "auth0": auth0 and {"q": auth0, "search_engine": "v3"},
        "clerk": clerk,
        "monocloud": monocloud and {"filter": monocloud},
        "mattr": mattr and {"claims": mattr},
        "netwrix": netwrix,
    }
    return {dialect: query for dialect, query in asked.items() if query}
