"""mozilla-django-oidc, unmodified, in a small Django site."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import Muster
from tests.relying_parties.applications import PASSWORD, new_user, program, register
from tests.relying_parties.conftest import free_port
from tests.relying_parties.person import Person

pytestmark = pytest.mark.slow


@pytest.fixture
def site(house: Muster) -> Iterator[str]:
    port = free_port()
    known = register(house, "--redirect-uri", f"http://127.0.0.1:{port}/oidc/callback/")
    script = str(Path(__file__).parent / "django_site.py")
    command = [sys.executable, script, f"{house.tls_url}/", known.client_id, known.client_secret, str(port)]
    with program(command, REQUESTS_CA_BUNDLE=str(house.data_dir / "ca.pem")) as address:
        yield address


async def test_a_person_signs_in_to_the_site(house: Muster, site: str, person: Person) -> None:
    email = new_user(house)
    await person.goes_to(f"{site}/")
    assert await person.reads_json(f"{site}/") == {"email": None, "failed": False}
    await person.goes_to(f"{site}/oidc/authenticate/")
    await person.signs_in(email, PASSWORD)
    assert await person.reads_json(f"{site}/") == {"email": email, "failed": False}
