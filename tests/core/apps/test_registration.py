from __future__ import annotations

from typing import get_args

import pytest

from muster.core.apps.registration import KINDS, WHAT_IT_IS, Kind, Wanted, register
from muster.core.errors import Invalid
from muster.crypto.sealing import Sealer

BOX = Sealer.of(b"k" * 32)
URI = "https://app.example.com/callback"


@pytest.mark.parametrize("kind", KINDS)
def test_what_each_kind_is(kind: Kind) -> None:
    uris = () if kind == "machine" else (URI, URI)
    app, secret = register(Wanted("My app", kind, uris), BOX)
    public = kind in ("spa", "native")
    assert (secret is None, app.secret is None, app.authentication == "none", app.require_pkce) == (public,) * 4
    assert app.redirect_uris == ([] if kind == "machine" else [URI])
    assert app.grant_types == list(WHAT_IT_IS[kind].grant_types)
    assert app.first_party
    if app.secret is not None and secret is not None:
        assert BOX.open(app.secret, purpose=f"client_secret:{app.id}").decode() == secret
        assert secret not in repr(app)


def test_every_kind_is_described() -> None:
    assert set(WHAT_IT_IS) == set(get_args(Kind))


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted("x", "web"), "redirect_uri_missing"),
        (Wanted("x", "web", ("http://app.example.com/",)), "redirect_uri"),
        (Wanted("x", "web", (URI,), ("https://app.example.com/#bye",)), "redirect_uri"),
        (Wanted("x", "web", (URI,), (), "javascript:alert(1)"), "redirect_uri"),
        (Wanted("x", "machine", (URI,)), "machine_address"),
    ],
)
def test_what_is_refused(wanted: Wanted, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        register(wanted, BOX)
    assert refused.value.code == code
