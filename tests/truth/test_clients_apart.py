"""Programs of one API are no affair of another's: MATTR's clients are not there for those who manage Auth0's."""

import pytest

from tests.truth.hard_cases import Five

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_client_of_mattr_is_unknown_to_auth0(five: Five) -> None:
    known = five.house.credentials["default"]
    theirs, path = known["mattr"]["client_id"], f"/clients/{known['mattr']['client_id']}"
    listed = await five.auth0("GET", "/clients", query={"include_totals": "true"})
    assert theirs not in [each["client_id"] for each in listed["clients"]]
    assert known["auth0"]["client_id"] in [each["client_id"] for each in listed["clients"]]
    assert listed["total"] == len(listed["clients"])

    await five.auth0("GET", path, expect=404)
    await five.auth0("PATCH", path, {"name": "Mine now"}, expect=404)
    await five.auth0("POST", f"{path}/rotate-secret", expect=404)
    await five.auth0("DELETE", path, expect=204)  # as of one that is not there
    grant = {"client_id": theirs, "audience": known["auth0"]["audience"], "scope": ["read:users"]}
    await five.auth0("POST", "/client-grants", grant, expect=404)

    asked = {name: known["mattr"][name] for name in ("client_id", "client_secret", "audience")}
    async with five.house.anonymous() as client:
        answer = await client.post("/oauth/token", json={**asked, "grant_type": "client_credentials"})
    assert answer.status_code == 200, answer.text
