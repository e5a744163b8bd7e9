"""What a tenant needs before this dialect can be used: one key, sealed as well so that it can be shown again; and more keys
like it, as the operator makes and revokes them.
"""

from collections.abc import Sequence

from muster.core.api_keys.actions import create_api_key
from muster.core.api_keys.model import ApiKey, key_of
from muster.core.ids import random_text
from muster.core.security import SecretBox
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.signing.model import Credential
from muster.core.transaction import Transaction
from muster.dialects.monocloud.access import DOOR

CREDENTIAL = "monocloud"
"""The id of the record that holds the first key."""

FIRST_NAME = "Default Management Key"
KEY_LENGTH = 48

_PURPOSE = f"credential:{CREDENTIAL}"


async def furnish(tx: Transaction, secrets: SecretBox) -> None:
    """The settings, and the first key unless it was made before: one that an operator has revoked does not come back."""
    if await tx.get(SignInSettings, SETTINGS_ID) is None:
        tx.insert(SignInSettings(created_at=tx.now))
    if await tx.get(Credential, CREDENTIAL) is not None:
        return
    _, text = await create_key(tx, FIRST_NAME)
    tx.insert(Credential(id=CREDENTIAL, secret=secrets.seal(text.encode(), purpose=_PURPOSE), created_at=tx.now))


async def create_key(tx: Transaction, name: str, permissions: Sequence[str] | None = None) -> tuple[ApiKey, str]:
    """One more key, and its text, which is told now and never again; `permissions` of the core, None for all."""
    text = random_text(KEY_LENGTH)
    return await create_api_key(tx, name, text, door=DOOR, permissions=permissions), text


async def first_key(tx: Transaction, secrets: SecretBox) -> str | None:
    """The first key's text; None once it was revoked."""
    credential = await tx.get(Credential, CREDENTIAL)
    if credential is None or not credential.secret:
        return None
    text = secrets.open(credential.secret, purpose=_PURPOSE).decode()
    return text if await tx.find(ApiKey, key_of(text)) is not None else None
