"""The first operator's password, which is kept sealed for whoever set the server up until somebody changes it."""

from typing import Final

from msgspec.structs import replace

from muster.core.signing.model import Credential
from muster.core.transaction import Transaction
from muster.core.users.model import User

FIRST_OPERATOR: Final = "admin"
"""The first operator's user name, and the id of the record that holds the password."""


def is_first_operator(user: User) -> bool:
    """Whether this is the account that a tenant was made with."""
    return user.internal and user.username is not None and user.username.key == FIRST_OPERATOR


async def forget_first_password(tx: Transaction, user: User) -> None:
    """Keep the first password no longer once it is not the user's any more; nothing happens for anybody else."""
    if not is_first_operator(user):
        return
    credential = await tx.get(Credential, FIRST_OPERATOR)
    if credential is not None:
        tx.save(replace(credential, secret=""))
