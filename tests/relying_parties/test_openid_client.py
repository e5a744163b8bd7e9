"""openid-client, unmodified, in a small web application: the whole flow with a person at a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import Muster
from tests.relying_parties.applications import PASSWORD, new_user, program, register
from tests.relying_parties.conftest import free_port
from tests.relying_parties.person import Person

pytestmark = [pytest.mark.node, pytest.mark.slow]


@pytest.fixture
def app(house: Muster, node_clients: Path) -> Iterator[str]:
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    known = register(house, "--redirect-uri", f"{home}/callback", "--logout-uri", f"{home}/bye")
    script = Path(__file__).parent / "node" / "openid_client.mjs"
    (node_clients / script.name).write_bytes(script.read_bytes())
    command = ["node", script.name, f"{house.tls_url}/", known.client_id, known.client_secret, str(port)]
    with program(command, str(node_clients), NODE_EXTRA_CA_CERTS=str(house.data_dir / "ca.pem")) as address:
        yield address


async def test_a_person_comes_in_stays_and_leaves(house: Muster, app: str, person: Person) -> None:
    email = new_user(house)
    await person.goes_to(f"{app}/login")
    await person.signs_in(email, PASSWORD)
    told = await person.reads_json(f"{app}/callback*")
    claims, userinfo = told["claims"], told["userinfo"]
    assert claims["iss"] == f"{house.tls_url}/"
    assert claims["sub"] == userinfo["sub"]
    assert (userinfo["email"], userinfo["email_verified"]) == (email, True)
    assert (userinfo["given_name"], userinfo["family_name"]) == ("Ada", "Ng")
    assert told["refresh"] is True

    await person.goes_to(f"{app}/refresh")
    refreshed = await person.reads_json(f"{app}/refresh")
    assert refreshed["rotated"] is True
    assert refreshed["claims"]["sub"] == claims["sub"]
    await person.goes_to(f"{app}/introspect")
    assert (await person.reads_json(f"{app}/introspect"))["active"] is True

    await person.goes_to(f"{app}/login")  # the session is still there: nobody is asked
    again = await person.reads_json(f"{app}/callback*")
    assert again["claims"]["auth_time"] == claims["auth_time"] if "auth_time" in claims else True

    await person.goes_to(f"{app}/revoke")
    assert await person.reads_json(f"{app}/revoke") == "invalid_grant"
    await person.goes_to(f"{app}/logout")
    assert await person.reads_json(f"{app}/bye*") == {"bye": "goodbye"}
    await person.goes_to(f"{app}/login")
    assert await person.page.locator("input[name=identifier]").is_visible()


async def test_what_the_application_may_ask_of_a_sign_in(house: Muster, app: str, person: Person) -> None:
    email = new_user(house)
    await person.goes_to(f"{app}/login?prompt=none")
    assert (await person.reads_json(f"{app}/callback*"))["error"] == "login_required"

    await person.goes_to(f"{app}/login?login_hint={email}&response_mode=form_post")
    assert await person.page.locator("input[name=identifier], input[name=password]").first.is_visible()

    await person.goes_to(f"{app}/login?login_hint={email}")
    await person.signs_in(email, PASSWORD)
    first = await person.reads_json(f"{app}/callback*")
    await person.goes_to(f"{app}/login?prompt=none")
    silent = await person.reads_json(f"{app}/callback*")
    assert silent["claims"]["sub"] == first["claims"]["sub"]

    await person.goes_to(f"{app}/login?prompt=login&max_age=0")  # a session that is there does not do
    await person.signs_in(email, PASSWORD)
    fresh = await person.reads_json(f"{app}/callback*")
    assert fresh["claims"]["auth_time"] >= first["claims"].get("auth_time", 0)
