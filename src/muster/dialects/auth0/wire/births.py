"""The user id of somebody who was born of an identity elsewhere: provider and subject, with the connection between them for the
providers of a company, of which there are several of a kind.
"""

from muster.core.connections.model import Connection
from muster.core.external.model import ExternalIdentity
from muster.core.users.model import ForeignId
from muster.dialects.auth0.wire.users import PROVIDERS

LONGEST = 255


def birth_ids(connection: Connection, identity: ExternalIdentity) -> list[ForeignId]:
    """The id by which this API knows the new user from the first day on; none where it would be too long."""
    provider = PROVIDERS.get(identity.provider, identity.provider)
    parts = (
        [provider, identity.subject] if connection.kind == "social" else [provider, connection.name, identity.subject]
    )
    value = "|".join(parts)
    return [ForeignId(kind="auth0", value=value)] if len(value) <= LONGEST else []
