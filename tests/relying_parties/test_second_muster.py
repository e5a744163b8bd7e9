"""One Muster as the identity provider of another: a person whom only the first one knows signs in at the second, in a real browser."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import Muster, serving
from tests.relying_parties.applications import PASSWORD, new_user, register
from tests.relying_parties.conftest import free_port
from tests.relying_parties.person import Person

pytestmark = pytest.mark.slow


@pytest.fixture
def second(house: Muster, tmp_path: Path) -> Iterator[Muster]:
    """Another server, which trusts the first one's certificate and may call this machine."""
    port = free_port()
    public_url = f"https://localhost:{port}/"
    options = ("--tls-port", str(port), "--public-url", public_url, "--outbound-allow", "localhost")
    extra = {"MUSTER_MASTER_KEY": secrets.token_hex(32), "SSL_CERT_FILE": str(house.data_dir / "ca.pem")}
    with serving(tmp_path / "data", *options, extra=extra) as server:
        server.tls_url = public_url.rstrip("/")
        yield server


def connect(second: Muster, house: Muster) -> None:
    """The second server as an application of the first, and the first as a provider of the second."""
    known = register(house, "--redirect-uri", f"{second.tls_url}/sign-in/callback/to-be-known")
    secret = second.data_dir / "secret.txt"
    secret.write_text(known.client_secret)
    added = second.run(
        *("connection", "add", "oidc", "first", "--json", "--display-name", "The first house", "--trust-email"),
        *("--issuer", f"{house.tls_url}/", "--client-id", known.client_id, "--client-secret-file", str(secret)),
        *("--sign-up", "always", "--outbound-allow", "localhost"),
    )
    assert added.returncode == 0, added.stderr
    told = json.loads(added.stdout)
    address = next(value for value in told.values() if isinstance(value, str) and "/sign-in/callback/" in value)
    token = house.token()
    with house.client() as client:
        answer = client.patch(
            f"/api/v2/clients/{known.client_id}",
            json={"callbacks": [address]},
            headers={"authorization": f"Bearer {token}"},
        )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
async def test_a_person_of_the_first_signs_in_at_the_second(house: Muster, second: Muster, person: Person) -> None:
    email = new_user(house)
    connect(second, house)
    await person.goes_to(f"{second.tls_url}/account")
    await person.page.get_by_role("button", name="The first house").click()
    await person.page.wait_for_url(f"{house.tls_url}/sign-in*")
    await person.signs_in(email, PASSWORD)
    await person.page.wait_for_url(f"{second.tls_url}/account")
    assert email in await person.reads()

    users = second.run("user", "list", "--json")
    assert email in users.stdout
