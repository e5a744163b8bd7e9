"""The last step of a sign-up: a new user, and a sign-in that goes on with what was proved."""

from typing import Final

from muster.core.connections.model import Connection
from muster.core.external.actions import method_of as visit_method
from muster.core.external.sign_up import with_brought_identity
from muster.core.records import Key
from muster.core.sessions.model import Method
from muster.core.sign_in.methods import EMAIL_CODE, PASSWORD, SMS_CODE
from muster.core.sign_up.form import ADDRESSES, claim
from muster.core.sign_up.held import can_be_taken_over, held_address, must_be_released
from muster.core.sign_up.model import SignUp
from muster.core.sign_up.view import Kind
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users.actions import HashedPassword, NewAddress, NewUser, create_user
from muster.core.users.model import Metadata, Origin, Profile, User, Verification

_CODES: Final[dict[Kind, str]] = {"email": EMAIL_CODE, "phone": SMS_CODE}


async def make_user(tx: Transaction, realm: Connection, sign_up: SignUp) -> User:
    """The user that was told of, with every address proved or not as it is, and the identity that it all began with.

    `Taken` at the commit.
    """
    password = sign_up.password
    user = await create_user(
        tx,
        realm,
        NewUser(
            origin=Origin(door="muster", via="signup"),
            emails=[NewAddress(sign_up.email.value)] if sign_up.email is not None else [],
            phones=[NewAddress(sign_up.phone.value)] if sign_up.phone is not None else [],
            username=sign_up.username,
            password=HashedPassword(password, sign_up.password_scheme) if password is not None else None,
            profile=Profile(
                given_name=sign_up.given_name,
                family_name=sign_up.family_name,
                locale=sign_up.locale,
                custom=dict(sign_up.custom),
            ),
            metadata=Metadata.of(unsafe=sign_up.unsafe_metadata),
            external_id=sign_up.external_id,
            legal_accepted_at=sign_up.legal_accepted_at,
        ),
    )
    for kind in ADDRESSES:
        claimed = claim(sign_up, kind)
        if claimed is not None and claimed.verified_at is not None:
            addresses = user.emails if kind == "email" else user.phones
            by = Verification(method="code")
            user = identifiers.set_verified(user, kind, addresses[0].id, claimed.verified_at, verified=True, by=by)
    user = tx.save(with_brought_identity(user, sign_up, tx.now))
    for link in user.links:
        tx.note("user.linked", user_id=user.id, connection_id=link.connection_id, link_id=link.id)
    return user


async def method_of(tx: Transaction, sign_up: SignUp) -> Method:
    """What the sign-in that goes on was proved by: a visit to a provider, the code to an address, or the password just chosen."""
    if sign_up.connection_id is not None:
        return visit_method(await tx.need(Connection, sign_up.connection_id), tx.now)
    for kind in ADDRESSES:
        claimed = claim(sign_up, kind)
        if claimed is not None and claimed.verified_at is not None:
            return Method(name=_CODES[kind], at=claimed.verified_at)
    return Method(name=PASSWORD, at=tx.now)


async def holders(tx: Transaction, sign_up: SignUp) -> list[tuple[Kind, User]]:
    """Whose accounts have, without proof, the addresses that were proved here. Told to nobody who has not proved them."""
    found: list[tuple[Kind, User]] = []
    for kind in ADDRESSES:
        claimed = claim(sign_up, kind)
        if claimed is not None and claimed.verified_at is not None:
            holder = await tx.find(User, Key(sign_up.realm, kind, claimed.value))
            if holder is not None and must_be_released(holder, kind, claimed.value):
                found.append((kind, holder))
    return found


def taken_over(sign_up: SignUp, realm: Connection, held: list[tuple[Kind, User]]) -> tuple[User, str] | None:
    """The account, and the address of it, that the person may have by a reset instead of a new one."""
    for kind, holder in held:
        claimed = claim(sign_up, kind)
        address = held_address(holder, kind, claimed.value) if claimed is not None else None
        if address is not None and can_be_taken_over(holder, realm, address):
            return holder, address.id
    return None
