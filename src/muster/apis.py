"""Every dialect, each on what it needs from this process: the one list of the dialects that there are."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from muster.core.clock import Clock
from muster.core.credentials.checks import CredentialChecks
from muster.core.event_buffer import EventBuffer
from muster.core.security import SecretBox
from muster.crypto.breached import known_passwords
from muster.crypto.hashing_pool import HashingPool
from muster.crypto.passwords import scheme_of
from muster.crypto.public_keys import jwk_of_pem
from muster.crypto.totp import TimeBasedCodes
from muster.dialects.auth0 import app as auth0
from muster.dialects.auth0.services import Realms
from muster.dialects.auth0.services import Services as Auth0Services
from muster.dialects.clerk import app as clerk
from muster.dialects.clerk.services import Instances
from muster.dialects.clerk.services import Services as ClerkServices
from muster.dialects.kit.api import Api
from muster.dialects.kit.checked import CheckedCredentials
from muster.dialects.kit.limits import RateLimit, TokenBucket, Unlimited
from muster.dialects.mattr import app as mattr
from muster.dialects.mattr.services import Services as MattrServices
from muster.dialects.monocloud import app as monocloud
from muster.dialects.monocloud.services import ConnectionNames
from muster.dialects.monocloud.services import Services as MonoCloudServices
from muster.dialects.netwrix import app as netwrix
from muster.dialects.netwrix.services import Services as NetwrixServices
from muster.jobs.runner import JobRunner
from muster.settings import Settings
from muster.storage.epochs import Epochs
from muster.wiring import Opened, Rings

VENDORS_LIMITS: Final = {auth0.NAME: (10, 2.0), clerk.NAME: (1000, 100.0)}
"""The vendors' own limits on one tenant, where they tell them: calls in a burst, and calls a second after it."""


class Shared(NamedTuple):
    """What all dialects of a process stand on."""

    opened: Opened
    clock: Clock
    secrets: SecretBox
    rings: Rings
    epochs: Epochs
    passwords: HashingPool
    jobs: JobRunner
    read_events: EventBuffer
    settings: Settings


class Served(NamedTuple):
    """A dialect, the name that its prefix is made of, and the native roots that lead to it where no host is bound."""

    name: str
    roots: Sequence[bytes]
    api: Api


def every_api(shared: Shared) -> list[Served]:
    """The dialects, running."""
    codes = TimeBasedCodes()
    checks = CredentialChecks(shared.opened.runner, shared.passwords, shared.secrets, codes)
    return [
        Served(auth0.NAME, auth0.ROOTS, _auth0(shared)),
        Served(clerk.NAME, clerk.ROOTS, _clerk(shared, checks, codes)),
        Served(monocloud.NAME, monocloud.ROOTS, _monocloud(shared, checks)),
        Served(mattr.NAME, mattr.ROOTS, _mattr(shared)),
        Served(netwrix.NAME, netwrix.ROOTS, _netwrix(shared, checks, codes)),
    ]


def _limit(shared: Shared, dialect: str) -> RateLimit:
    if shared.settings.rate_limits != "vendor" or dialect not in VENDORS_LIMITS:
        return Unlimited(shared.clock)
    burst, per_second = VENDORS_LIMITS[dialect]
    return TokenBucket(shared.clock, burst=burst, per_second=per_second)


def _auth0(shared: Shared) -> Api:
    settings = shared.settings
    services = Auth0Services(
        clock=shared.clock,
        passwords=shared.passwords,
        secrets=shared.secrets,
        tokens=shared.rings.management,
        realms=Realms(shared.opened.store),
        limit=_limit(shared, auth0.NAME),
        epochs=shared.epochs,
        checked=CheckedCredentials(),
        most_results=settings.most_results or None,
        is_known_password=known_passwords(settings.breached_passwords),
        wake_jobs=shared.jobs.wake,
        public_keys=jwk_of_pem,
    )
    return auth0.build(shared.opened.runner, services)


def _clerk(shared: Shared, checks: CredentialChecks, codes: TimeBasedCodes) -> Api:
    store = shared.opened.store
    services = ClerkServices(
        clock=shared.clock,
        passwords=shared.passwords,
        secrets=shared.secrets,
        codes=codes,
        checks=checks,
        organizations=store.organizations,
        instances=Instances(store),
        limit=_limit(shared, clerk.NAME),
        epochs=shared.epochs,
        checked=CheckedCredentials(),
        scheme_of_hash=scheme_of,
        is_known_password=known_passwords(shared.settings.breached_passwords),
    )
    return clerk.build(shared.opened.runner, services)


def _monocloud(shared: Shared, checks: CredentialChecks) -> Api:
    services = MonoCloudServices(
        clock=shared.clock,
        passwords=shared.passwords,
        checks=checks,
        scheme_of_hash=scheme_of,
        connections=ConnectionNames(shared.opened.store),
        limit=_limit(shared, monocloud.NAME),
        epochs=shared.epochs,
        checked=CheckedCredentials(),
    )
    return monocloud.build(shared.opened.runner, services)


def _mattr(shared: Shared) -> Api:
    services = MattrServices(
        clock=shared.clock,
        secrets=shared.secrets,
        tokens=shared.rings.management,
        limit=_limit(shared, mattr.NAME),
        epochs=shared.epochs,
        checked=CheckedCredentials(),
        events=shared.opened.store.events,
        read_events=shared.read_events,
    )
    return mattr.build(shared.opened.runner, services)


def _netwrix(shared: Shared, checks: CredentialChecks, codes: TimeBasedCodes) -> Api:
    services = NetwrixServices(
        clock=shared.clock,
        passwords=shared.passwords,
        secrets=shared.secrets,
        codes=codes,
        checks=checks,
        limit=_limit(shared, netwrix.NAME),
    )
    return netwrix.build(shared.opened.runner, services)
