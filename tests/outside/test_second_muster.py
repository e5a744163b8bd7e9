"""Coming from another Muster: our relying party's half against our provider's, with the real pages' engine between."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx
from msgspec.structs import replace

from muster.core.clock import TurnedClock
from muster.core.external import presets
from muster.core.outside import Fetched
from muster.crypto.sealing import Sealer
from muster.outside.providers import Providers
from tests.databases import Databases
from tests.oidc.browsing import ISSUER, SECRET, Browser, Front, running
from tests.outside.elsewhere import NOW, SITE, opened_elsewhere

ID = "elsewhere0000001"


class Network:
    """The way to the other server, which is in this process."""

    def __init__(self, front: Front) -> None:
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=front), base_url=ISSUER)

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - the promise of the one it stands for
    ) -> Fetched:
        assert url.startswith(ISSUER)
        answer = await self.client.request(method, url, headers=list(headers), content=body)
        return Fetched(answer.status_code, answer.headers, answer.content)


async def test_a_muster_signs_in_at_a_muster(sqlite_databases: Databases) -> None:
    theirs, ours = sqlite_databases.migrated(), sqlite_databases.migrated()
    clock, secrets = TurnedClock(NOW), Sealer.of(b"k" * 32)
    async with running(theirs) as front:
        providers = Providers(Network(front), clock, secrets)
        async with opened_elsewhere(ours, NOW, providers) as world:
            callback = f"{SITE}sign-in/callback/{ID}"
            await front.app("other-muster", redirect_uris=[callback], first_party=False)
            config = presets.openid(ISSUER, "other-muster", world.sealed(ID, SECRET))
            config = replace(config, trusts_email=True, scopes=[*config.scopes, "offline_access"])
            connection = await world.connect(config, ID)
            browser = Browser(front)
            users = []
            for _ in range(2):  # the second time without a password and without being asked
                attempt_id = await world.attempt()
                departure = await world.leave(connection, attempt_id)
                parts = urlsplit(departure.url)
                answer = await browser.get(f"{parts.path}?{parts.query}")
                if answer.to != callback:
                    answer = await browser.sign_in(answer.attempt)
                assert answer.to == callback
                assert answer.values["iss"] == ISSUER
                returned = await world.return_(connection, answer.values)
                assert returned.outcome == "signed_in"
                users.append(await world.user(returned.attempt.user_id))
            first, second = users
            assert first.id == second.id
            assert [(address.value, address.verified) for address in first.emails] == [("ann@example.org", True)]
            (link,) = second.links
            for turned in (clock, world.clock, front.clock):
                turned.turn(days=1)
            fresh = await world.tokens.fresh_token(world.tenant_id, second.id, link.id)
            assert fresh.expires_at is not None
            assert fresh.expires_at > clock.now()
    for url in (theirs, ours):
        sqlite_databases.drop(url)
