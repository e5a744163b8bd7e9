"""The two grants without a redirect: a device that waits for its user, and an application that passes a password on."""

import asyncio
import re

import pytest

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import TooMany
from muster.core.events import Context
from muster.core.oauth import device
from muster.core.sessions.model import Grant
from muster.core.settings.model import SignInRules, SignInSettings
from muster.core.transaction import Transaction
from muster.core.users.model import Mfa, MustChange, User
from tests.databases import Databases
from tests.oidc.issuer import API, ISSUER, PASSWORD, Provider, claims_of, error, running

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


async def begun(provider: Provider, app_id: str = "spa", **form: str) -> dict[str, str]:
    answer = await provider.ask("/oauth/device/code", app_id, **{"scope": "openid offline_access", **form})
    assert error(answer) == (200, "None")
    found: dict[str, str] = answer.json()
    return found


async def decided(provider: Provider, user_code: str, *, allow: bool) -> None:
    async def act(tx: Transaction) -> None:
        user = await tx.need(User, provider.user.id)
        await device.decide(tx, user_code, user, provider.session.id, allow=allow)

    await provider.act(act)


async def test_a_device_gets_its_tokens_once_its_user_has_said_yes(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        codes = await begun(provider)
        device_code, user_code = codes.pop("device_code"), codes.pop("user_code")
        assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", user_code)
        assert codes == {
            "verification_uri": f"{ISSUER}device",
            "verification_uri_complete": f"{ISSUER}device?user_code={user_code}",
            "expires_in": 900,
            "interval": 5,
        }

        async def poll(code: str = device_code, app_id: str = "spa") -> tuple[int, str]:
            return error(await provider.ask("/oauth/token", app_id, grant_type=DEVICE, device_code=code))

        assert await poll() == (400, "authorization_pending")
        assert await poll() == (400, "slow_down")
        provider.clock.turn(seconds=9)
        assert await poll() == (400, "slow_down")  # ten seconds by now, and fifteen from here on
        provider.clock.turn(seconds=15)
        assert await poll() == (400, "authorization_pending")
        assert await poll("A" * 64) == (400, "invalid_grant")
        assert await poll(app_id="web") == (400, "invalid_grant")
        await decided(provider, f" {user_code.lower().replace('-', ' ')} ", allow=True)
        answers = await asyncio.gather(
            *(provider.ask("/oauth/token", "spa", grant_type=DEVICE, device_code=device_code) for _ in range(3))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
        given = next(answer.json() for answer in answers if answer.status_code == 200)
        assert (given["scope"], claims_of(given["id_token"])["amr"]) == ("openid offline_access", ["pwd"])
        assert (await provider.refresh(given["refresh_token"], "spa")).status_code == 200
        assert await poll() == (400, "invalid_grant")
        with pytest.raises(CredentialRefused):
            await decided(provider, user_code, allow=True)


async def test_no_and_too_late(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        refused, late = await begun(provider), await begun(provider, audience=API)
        await decided(provider, refused["user_code"], allow=False)

        async def poll(codes: dict[str, str]) -> tuple[int, str]:
            form = {"grant_type": DEVICE, "device_code": codes["device_code"]}
            return error(await provider.ask("/oauth/token", "spa", **form))

        assert await poll(refused) == (400, "access_denied")
        assert await poll(refused) == (400, "invalid_grant")
        provider.clock.turn(seconds=900)
        assert await poll(late) == (400, "expired_token")
        with pytest.raises(CredentialRefused):
            await decided(provider, late["user_code"], allow=True)
        allowed = await begun(provider)
        await decided(provider, allowed["user_code"], allow=True)
        await provider.change_user(suspended=True)
        assert await poll(allowed) == (400, "invalid_grant")
        for more, code in (
            ({"audience": "urn:nobody"}, "invalid_target"),
            ({"audience": f"{ISSUER}api/v2/"}, "invalid_target"),
        ):
            assert error(await provider.ask("/connect/deviceauthorization", "spa", **more)) == (400, code)
        await provider.change_app("spa", grant_types=[])
        assert error(await provider.ask("/oauth/device/code", "spa")) == (400, "unauthorized_client")


async def test_user_codes_cannot_be_guessed_at_length(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        codes = await begun(provider)
        here, elsewhere = Context(ip="192.0.2.7"), Context(ip="192.0.2.8")
        tenant_id = provider.tenant.number

        async def tried(code: str, where: Context = here) -> str:
            try:
                await device.look_up(provider.runner, where, tenant_id, code)
            except (CredentialRefused, TooMany) as refused:
                return refused.code
            return "found"

        assert await tried(codes["user_code"]) == "found"
        found = await asyncio.gather(*(tried("BCDF-GHJK") for _ in range(40)))
        assert sorted(set(found)) == ["user_code_wrong", "user_codes"]
        assert found.count("user_code_wrong") <= device.MOST_TRIES - 1
        assert await tried(codes["user_code"]) == "user_codes"
        assert await tried(codes["user_code"], elsewhere) == "found"
        provider.clock.turn(ms=device.WINDOW)
        assert await tried("BCDF-GHJK") == "user_code_wrong"


# -------------------------------------------------------------------------------------------------------------- password


async def test_a_password_counts_as_far_as_it_lets_its_user_in(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        await provider.set_password()

        async def asked(name: str = "jo@example.com", password: str = PASSWORD, **form: str) -> tuple[int, str]:
            sent = {"grant_type": "password", "username": name, "password": password, "scope": "openid offline_access"}
            return error(await provider.ask("/oauth/token", **{**sent, **form}))

        for name in ("jo@example.com", " JO@EXAMPLE.com", "Jo", "+15550100"):
            assert await asked(name) == (200, "None"), name
        wrong, unknown = await asked(password="wrong"), await asked("nobody@example.com")
        assert wrong == unknown == (400, "invalid_grant")
        assert await asked(password="") == (400, "invalid_request")
        assert await asked(audience="urn:nobody") == (400, "invalid_target")
        user = await provider.store.get(provider.tenant.number, User, provider.user.id)
        assert user is not None
        assert user.activity is not None
        assert (user.activity.logins, user.activity.failures) == (5, 0)

        await provider.change_user(mfa=Mfa(required=True))
        assert await asked() == (403, "mfa_required")
        assert await asked(password="wrong") == (400, "invalid_grant")
        await provider.change_user(mfa=Mfa(), must_change=MustChange(by=0, why="admin"))
        assert await asked() == (400, "invalid_grant")
        await provider.change_user(must_change=None, suspended=True)
        assert await asked() == (400, "invalid_grant")
        await provider.change_user(suspended=False)
        for _ in range(10):
            assert await asked(password="wrong") == (400, "invalid_grant")
        assert await asked() == (400, "invalid_grant")  # the address is closed, and nobody is told so

        await provider.change_app(grant_types=["authorization_code"])
        assert await asked() == (400, "unauthorized_client")
        every = await provider.store.owned(provider.tenant.number, Grant, provider.user.id)
        assert {grant.kind for grant in every} == {"reference_token", "refresh_token"}


async def test_a_tenant_may_ask_everybody_for_more_than_a_password(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        await provider.set_password()

        async def keep(tx: Transaction, rules: SignInRules) -> None:
            from msgspec.structs import replace

            found = await tx.get(SignInSettings, "sign_in")
            if found is None:
                tx.insert(SignInSettings(rules=rules, created_at=tx.now))
            else:
                tx.save(replace(found, rules=rules))

        form = {"grant_type": "password", "username": "jo", "password": PASSWORD}
        for rules, expected in (
            (SignInRules(second_factor="required"), (403, "mfa_required")),
            (SignInRules(password=False), (400, "unauthorized_client")),
        ):
            await provider.act(keep, rules)
            assert error(await provider.ask("/oauth/token", **form)) == expected
