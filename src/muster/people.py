"""What people meet, built: the sign-in engine with all that it stands on, the OpenID provider and the hosted pages; and the
errands that are run for them beside the requests.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from muster.apis import Served, Shared
from muster.core.connections.model import Connection
from muster.core.credentials.checks import CredentialChecks
from muster.core.external.engine import ExternalSignIn
from muster.core.messages.composing import Composer
from muster.core.messages.queue import DueMessage
from muster.core.passkeys.actions import PasskeyChecks
from muster.core.passwords.choosing import NewPasswords
from muster.core.passwords.policy import Policy
from muster.core.recovery.actions import Recovery
from muster.core.sign_in.engine import Pace, SignIn, unhurried
from muster.core.sign_up.actions import SignUps
from muster.crypto.assertions import Assertions
from muster.crypto.breached import known_passwords
from muster.crypto.passkeys import WebAuthn
from muster.crypto.totp import TimeBasedCodes
from muster.dialects.auth0.password_policy import ConnectionPolicy
from muster.dialects.auth0.wire.births import birth_ids
from muster.dialects.kit.limits import TokenBucket, Unlimited
from muster.jobs.expiry import Expiry
from muster.jobs.retention import EventRetention
from muster.oidc import app as oidc
from muster.oidc.backchannel import LogoutSender
from muster.oidc.services import Services as ProviderServices
from muster.outgoing import Outgoing
from muster.outside.http import Outside
from muster.outside.providers import Providers
from muster.signin import app as signin
from muster.signin.account_services import OwnAccount
from muster.signin.outbox_page import DevOutbox
from muster.signin.provider_pages import ProviderPages
from muster.signin.services import Services as PageServices
from muster.sites import Sites

BURST: Final = 30
"""Seconds' worth of beginnings that one network address may make at once: an office comes to work at the same minute."""


class Errand(Protocol):
    """Work beside the requests; `start` and `stop` belong to one event loop."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


def every_errand(shared: Shared, outside: Outside, sites: Sites) -> Sequence[Errand]:
    """Sending messages and webhooks, and forgetting what is over."""
    opened, clock, settings = shared.opened, shared.clock, shared.settings
    outgoing = Outgoing(
        opened,
        clock,
        shared.secrets,
        settings,
        outside=outside,
        public_url=lambda tenant_id: sites.home(tenant_id).public_url,
        notices=LogoutSender(opened.store, clock, shared.rings.ring, sites.home, outside),
    )
    retention = EventRetention(opened.store, opened.store.events, clock, settings.events_keep_days)
    return outgoing, retention, Expiry(opened.runner)


def every_page(shared: Shared, outside: Outside, sites: Sites) -> Sequence[Served]:
    """The provider and the pages, running on one engine."""
    runner, secrets, passwords = shared.opened.runner, shared.secrets, shared.passwords
    codes, webauthn = TimeBasedCodes(), WebAuthn()
    is_known = known_passwords(shared.settings.breached_passwords)
    checks = CredentialChecks(runner, passwords, secrets, codes)
    new_passwords = NewPasswords(shared.opened.store, passwords, is_known, realm_policy)
    passkeys = PasskeyChecks(runner, webauthn)
    sign_in = SignIn(runner, checks, passkeys, new_passwords, secrets, codes, _pace(shared))
    limit = Unlimited(shared.clock)
    recovery = Recovery(runner, new_passwords)
    provider = ProviderServices(
        clock=shared.clock,
        secrets=secrets,
        sign_in=sign_in,
        rings=shared.rings.ring,
        checks=checks,
        passwords=passwords,
        limit=limit,
        assertions=Assertions(),
        pages=ProviderPages(),
        recovery=recovery,
    )
    pages = PageServices(
        clock=shared.clock,
        limit=limit,
        sign_in=sign_in,
        sign_ups=SignUps(runner, new_passwords),
        recovery=recovery,
        account=OwnAccount.of(
            runner,
            checks=checks,
            new_passwords=new_passwords,
            secrets=secrets,
            codes=codes,
            passkeys=webauthn,
            events=shared.opened.store.events,
        ),
        dev_outbox=_dev_outbox(shared, sites) if shared.settings.dev_outbox == "on" else None,
        external=ExternalSignIn(
            runner, Providers(outside, shared.clock, secrets, xmlsec=shared.settings.xmlsec1), secrets, birth_ids
        ),
    )
    return (
        Served(oidc.NAME, oidc.ROOTS, oidc.build(runner, provider)),
        Served(signin.NAME, signin.ROOTS, signin.build(runner, pages)),
    )


def _pace(shared: Shared) -> Pace:
    """How often one network address may begin to sign in, in this process."""
    per_second = shared.settings.sign_ins_per_second
    if not per_second:
        return unhurried
    return TokenBucket(shared.clock, burst=BURST * per_second, per_second=per_second).take


def realm_policy(realm: Connection) -> Policy:
    """What a realm asks of its people's passwords: what the API that it is set up by was told."""
    return ConnectionPolicy(realm.options).rules


def _dev_outbox(shared: Shared, sites: Sites) -> DevOutbox:
    store = shared.opened.store
    composer = Composer(store, shared.clock, lambda tenant_id: sites.home(tenant_id).public_url)

    async def waiting(tenant_id: int, limit: int) -> Sequence[DueMessage]:
        return await store.outbox.waiting(limit, tenant_id)

    return DevOutbox(waiting=waiting, compose=composer)
