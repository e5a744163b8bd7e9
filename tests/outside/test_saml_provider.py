"""Coming from a SAML identity provider that somebody else wrote: the package samlp, on node."""

from __future__ import annotations

import json
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from muster.core.events import Context
from muster.core.external.config import ClientKey, SamlProvider
from tests import clients, node
from tests.databases import Databases
from tests.outside.elsewhere import SITE, opened_elsewhere
from tests.outside.saml_idp import ENTITY, key_and_certificate
from tests.signin.html_page import Page

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="needs the program xmlsec1"),
]

FOLDER = Path(__file__).parent / "node"
ID = "saml000000000001"
ACS = f"{SITE}sign-in/saml/{ID}/acs"
ADA = {"id": "ada-1", "emails": [{"value": "ada@example.org"}], "displayName": "Ada L", "name": {"givenName": "Ada"}}


@pytest.fixture(scope="module")
def package() -> Path:
    npm = node.find_npm()
    folder = npm and clients.installed("node", FOLDER / "package-lock.json", partial(node.install, npm, FOLDER))
    if not folder:
        pytest.skip(node.NEEDED)
    return folder


async def test_the_whole_way_with_its_metadata_and_its_check_of_our_signature(
    package: Path, sqlite_databases: Databases
) -> None:
    def run(program: str, **said: Any) -> Any:
        return node.told(FOLDER / f"{program}.mjs", package, {}, json.dumps(said))

    key, certificate = key_and_certificate()
    own_key, own_certificate = key_and_certificate()
    metadata = run("identity_provider_metadata", issuer=ENTITY, cert=certificate)["xml"]
    url = sqlite_databases.migrated()
    async with opened_elsewhere(url, int(time.time() * 1000)) as world:
        private = ClientKey(private=world.sealed(ID, own_key))
        config = SamlProvider(provider="saml", metadata=metadata, key=private, certificate=own_certificate)
        connection = await world.connect(config, ID, kind="enterprise")
        provider: dict[str, Any] = {}
        wanted: dict[str, Any] = {}
        for signs_response in (False, True):
            departure = await world.leave(connection, await world.attempt())
            assert departure.url.startswith("https://idp.example.com/sso?")
            provider = {"issuer": ENTITY, "cert": certificate, "key": key, "acs": ACS, "signResponse": signs_response}
            wanted = {"url": departure.url, "user": ADA, "signingCert": own_certificate}
            form = Page(run("identity_provider", **provider, **wanted)["html"]).form(ACS)
            answer = {"SAMLResponse": form.fields["SAMLResponse"], "state": form.fields["RelayState"]}
            state = await world.external.receive(world.tenant_id, ID, answer, SITE, Context())
            returned = await world.return_(connection, {"state": state})
            user = await world.user(returned.attempt.user_id)
            (link,) = user.links
            assert (link.subject, link.profile["email"]) == ("ada-1", "ada@example.org")
        # It would have refused a request that somebody else had signed.
        forged = run("identity_provider", **provider, **{**wanted, "signingCert": certificate})
        assert "ignature" in forged["error"]
    sqlite_databases.drop(url)
