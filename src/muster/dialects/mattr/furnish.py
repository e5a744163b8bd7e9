"""What a tenant needs before this dialect can be used: one client that may do everything; and further clients, with the roles
that the operator gives them.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from muster.core.apps.actions import create_app, update_app
from muster.core.apps.model import Application
from muster.core.errors import Invalid
from muster.core.ids import random_text
from muster.core.security import SecretBox
from muster.core.signing.model import Credential
from muster.core.transaction import Transaction
from muster.dialects.mattr.access import ROLES
from muster.dialects.mattr.wire.ids import DOOR

NAME: Final = "MATTR VII client"
FIRST: Final = "mattr_client"
"""The id of the sealed record that names the first client."""

ID_LENGTH: Final = 32
SECRET_LENGTH: Final = 64


class Client(NamedTuple):
    """A client and its secret, as `muster credentials` shows the first one."""

    client_id: str
    client_secret: str


async def furnish(tx: Transaction, secrets: SecretBox) -> None:
    """Make the first client, once: one that was deleted does not come back."""
    if await tx.get(Credential, FIRST) is not None:
        return
    app, _ = _new(NAME, ["admin"], secrets)
    tx.insert(msgspec.structs.replace(app, created_at=tx.now))
    sealed = secrets.seal(app.id.encode(), purpose=f"credential:{FIRST}")
    tx.insert(Credential(id=FIRST, secret=sealed, created_at=tx.now))


async def first_client(tx: Transaction, secrets: SecretBox) -> Client | None:
    """The first client's credentials as they are now; None once it was deleted."""
    kept = await tx.get(Credential, FIRST)
    if kept is None:
        return None
    client_id = secrets.open(kept.secret, purpose=f"credential:{FIRST}").decode()
    app = await tx.get(Application, client_id)
    if app is None or app.secret is None:
        return None
    return Client(client_id, secrets.open(app.secret, purpose=f"client_secret:{client_id}").decode())


async def create_client(tx: Transaction, name: str, roles: Sequence[str], secrets: SecretBox) -> Client:
    """One more client; `Invalid("role_unknown")` for a role that there is not."""
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise Invalid("role_unknown", roles=unknown)
    app, secret = _new(name, roles, secrets)
    await create_app(tx, app)
    return Client(app.id, secret)


async def revoke_client(tx: Transaction, client_id: str) -> None:
    """Take a client's secret; its tokens are refused from now on. The client itself stays."""
    await update_app(tx, client_id, lambda app: msgspec.structs.replace(app, secret=None), audience=DOOR)


def _new(name: str, roles: Sequence[str], secrets: SecretBox) -> tuple[Application, str]:
    client_id, secret = random_text(ID_LENGTH), random_text(SECRET_LENGTH)
    app = Application(
        id=client_id,
        name=name,
        audience=DOOR,
        secret=secrets.seal(secret.encode(), purpose=f"client_secret:{client_id}"),
        grant_types=["client_credentials"],
        vendor={DOOR: {"roles": list(roles)}},
    )
    return app, secret
