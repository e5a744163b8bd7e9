"""What the hosted pages are built with, besides the store."""

from typing import TYPE_CHECKING

import msgspec

from muster.core.clock import Clock
from muster.dialects.kit.limits import RateLimit

if TYPE_CHECKING:
    from muster.core.external.engine import ExternalSignIn
    from muster.core.recovery.actions import Recovery
    from muster.core.sign_in.engine import SignIn
    from muster.core.sign_up.actions import SignUps
    from muster.signin.account_services import OwnAccount
    from muster.signin.outbox_page import DevOutbox


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that happens at a page is decided by one of the core's own."""

    clock: Clock
    limit: RateLimit
    sign_in: "SignIn"
    sign_ups: "SignUps"
    recovery: "Recovery"
    account: "OwnAccount"
    external: "ExternalSignIn"
    dev_outbox: "DevOutbox | None" = None
