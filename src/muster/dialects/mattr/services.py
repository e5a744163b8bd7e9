"""What this dialect is built with, besides the store."""

from collections.abc import Callable

import msgspec

from muster.core.clock import Clock
from muster.core.event_buffer import EventBuffer
from muster.core.events import EventReader
from muster.core.security import SecretBox, TokenIssuer
from muster.dialects.kit.call import Site
from muster.dialects.kit.checked import AccessEpochs, CheckedCredentials
from muster.dialects.kit.limits import RateLimit


class Services(msgspec.Struct, frozen=True):
    """`tokens` gives the key ring that signs and checks a tenant's access tokens.

    `events` reads what happened, `read_events` gathers what pure reads have to tell. `private_names` lets an authentication
    provider have a name that is not public, as in an organisation's own network.
    """

    clock: Clock
    secrets: SecretBox
    tokens: Callable[[Site], TokenIssuer]
    limit: RateLimit
    epochs: AccessEpochs
    checked: CheckedCredentials
    events: EventReader
    read_events: EventBuffer
    private_names: bool = False
