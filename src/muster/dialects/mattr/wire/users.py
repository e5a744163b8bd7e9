"""Users on the wire."""

from typing import Any

from muster.core.connections.model import Connection
from muster.core.ids import is_id
from muster.core.users.claim_actions import is_provider_link
from muster.core.users.claims import shown_claims
from muster.core.users.model import User
from muster.dialects.mattr.wire.ids import show_user_id, show_uuid
from muster.dialects.mattr.wire.providers import url_of

Document = dict[str, Any]


def show_user(user: User, provider: Connection | None) -> Document:
    """A user as every operation answers it. `provider` is the tenant's; its address is shown as it is now."""
    shown: Document = {"id": show_user_id(user), "claims": shown_claims(user)}
    for link in user.links:
        if is_provider_link(link) and is_id(link.connection_id):
            known = provider is not None and provider.id == link.connection_id
            shown["authenticationProvider"] = {
                "providerId": show_uuid(link.connection_id),
                "url": url_of(provider) if provider is not None and known else link.profile["iss"],
                "subjectId": link.subject,
            }
            break
    return shown
