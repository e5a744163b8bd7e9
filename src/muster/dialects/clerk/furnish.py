"""What a tenant needs before this dialect can be used: an instance id, one secret key, and an RSA key that JWKS shows.

The first secret key is kept sealed for `muster credentials` for as long as it opens anything; of others only a hash is kept.
"""

import base64
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from muster.core.api_keys.actions import create_api_key, revoke_api_key
from muster.core.api_keys.model import ApiKey, key_of
from muster.core.facts import Fact
from muster.core.ids import new_id, random_text
from muster.core.security import SecretBox
from muster.core.signing.model import Credential, Purpose, SigningKey
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.dialects.clerk.services import INSTANCE
from muster.dialects.clerk.wire.ids import DOOR, show_id
from muster.dialects.kit.call import Site

CREDENTIAL: Final = "clerk_secret_key"
KEY_NAME: Final = "Default secret key"
RANDOM_PART: Final = 40
"""Letters and digits of a secret key: 238 bits."""

SIGNING: Final[Purpose] = "identity"
"""The purpose of the keys that session tokens are signed with, and that JWKS shows."""


async def furnish(
    tx: Transaction, secrets: SecretBox, *, instance_id: str, signing_key: SigningKey | None = None
) -> None:
    """Make what is missing. `instance_id` comes from `instance_of`; `signing_key` is made before, since that takes time."""
    if await tx.get(Fact, INSTANCE) is None:
        tx.insert(Fact(id=INSTANCE, value={"id": instance_id}, created_at=tx.now))
    if signing_key is not None:
        tx.insert(signing_key)
    if await tx.get(Credential, CREDENTIAL) is None:
        text = new_secret_key()
        await create_api_key(tx, KEY_NAME, text, door=DOOR)
        sealed = secrets.seal(text.encode(), purpose=f"credential:{CREDENTIAL}")
        tx.insert(Credential(id=CREDENTIAL, secret=sealed, created_at=tx.now))


async def instance_of(store: Store, tenant_id: int, now: int) -> str:
    """The tenant's instance id, or a new one for `furnish` to keep; a signing key made with it bears it as its `kid`."""
    fact = await store.get(tenant_id, Fact, INSTANCE)
    return show_id("ins", new_id(now)) if fact is None else str(fact.value["id"])


async def wants_signing_key(store: Store, tenant_id: int) -> bool:
    """Whether the tenant has no key yet that JWKS could show."""
    return not any(is_shown(key) for key in await store.records(tenant_id, SigningKey))


def is_shown(key: SigningKey) -> bool:
    """Whether JWKS shows a key, as long as it has not died: this API's clients know RS256 alone."""
    return key.purpose == SIGNING and key.algorithm == "RS256"


def new_secret_key() -> str:
    """A secret key's text; of test instances, since nothing here is rationed by the kind of an instance."""
    return f"sk_test_{random_text(RANDOM_PART)}"


def publishable_key(site: Site) -> str:
    """The address of the front end in the form that this API's clients read it from."""
    host = site.public_url.partition("://")[2].rstrip("/")
    return f"pk_test_{base64.b64encode(f'{host}$'.encode()).decode()}"


async def first_key(tx: Transaction, secrets: SecretBox) -> str | None:
    """The first secret key, as long as it opens anything."""
    credential = await tx.get(Credential, CREDENTIAL)
    if credential is None or not credential.secret:
        return None
    text = secrets.open(credential.secret, purpose=f"credential:{CREDENTIAL}").decode()
    return text if await tx.find(ApiKey, key_of(text)) is not None else None


async def create_secret_key(tx: Transaction, name: str, permissions: Sequence[str] | None = None) -> tuple[str, str]:
    """One more key: its id, by which it is revoked, and its text, which is told now and never again.

    `permissions` are the core's, None for all that this API can do.
    """
    text = new_secret_key()
    key = await create_api_key(tx, name, text, door=DOOR, permissions=permissions)
    return key.id, text


async def revoke_secret_key(tx: Transaction, key_id: str, secrets: SecretBox) -> None:
    """A key opens nothing any more, and the first one is no longer kept."""
    key = await tx.need(ApiKey, key_id)
    text = await first_key(tx, secrets)
    credential = await tx.get(Credential, CREDENTIAL)
    if text is not None and credential is not None and key_of(text).value == key.hash:
        tx.save(replace(credential, secret=""))
    await revoke_api_key(tx, key_id)
