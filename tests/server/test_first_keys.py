"""The signing keys of a tenant: made at the first start, made up for at a later one, and told as the dialect that shows them does."""

import os
from collections import Counter
from pathlib import Path

import pytest

from muster.core.actor import SYSTEM
from muster.core.signing.model import SigningKey
from muster.core.transaction import Transaction
from muster.first_start import Addresses, prepare
from muster.wiring import opened
from tests.house import MASTER_KEY, House, open_house

EVERY = {
    ("management", "RS256"): 1,
    **{(purpose, alg): 1 for purpose in ("identity", "access") for alg in ("RS256", "ES256", "EdDSA")},
}


async def kinds(house: House) -> Counter[tuple[str, str]]:
    async with opened(house.settings, house.clock) as database:
        tenant = await database.store.tenant("default")
        assert tenant is not None
        keys = await database.store.records(tenant.number, SigningKey)
        return Counter((key.purpose, key.algorithm) for key in keys)


async def test_a_tenant_has_a_key_for_every_purpose_and_algorithm(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(database_url, tmp_path) as house:
        assert await kinds(house) == EVERY
        async with house.anonymous() as client:
            shown = (await client.get("/.well-known/jwks.json")).json()["keys"]
            assert len(shown) == len(EVERY)
            clerk = (await (await house.client("clerk")).get("/jwks")).json()["keys"]
            assert [key["alg"] for key in clerk] == ["RS256"]
            assert clerk[0] in shown
            assert clerk[0]["kid"].startswith("ins_")

        async def lose(tx: Transaction) -> None:
            for key in await tx.records(SigningKey):
                if key.purpose == "access":
                    tx.delete(key)

        async with opened(house.settings, house.clock) as database:
            tenant = await database.store.tenant("default")
            assert tenant is not None
            await database.runner.run(tenant.number, SYSTEM, lose)
        monkeypatch.setenv("MUSTER_MASTER_KEY", MASTER_KEY)
        await prepare(house.settings, Addresses("127.0.0.1", 8400, 8443, "", os.getpid()), house.clock)
        assert await kinds(house) == EVERY
