"""Setting and taking away pictures. The slow part, decoding what was sent, comes before and is not the core's."""

import hashlib

import msgspec
from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.images.model import OrganizationImage, UserImage
from muster.core.organizations.actions import forget_logo, save_organization
from muster.core.organizations.model import Organization
from muster.core.transaction import Transaction
from muster.core.users.model import Image, User
from muster.core.users.profile import update_profile
from muster.core.users.saving import keep


class Picture(msgspec.Struct, frozen=True):
    """A picture as it will be served, its media type, and the id under which it will be found."""

    id: str
    type: str
    data: bytes

    def described(self) -> Image:
        """What its owner's document says of it."""
        return Image(id=self.id, type=self.type, hash=hashlib.sha256(self.data).hexdigest())


async def set_image(tx: Transaction, user: User, picture: Picture, address: str) -> User:
    """The user's picture, in the place of any other; `address` is where it will be served."""
    tx.actor.must(May.USERS_UPDATE)
    await _forget_images(tx, user)
    tx.insert(UserImage(id=picture.id, user_id=user.id, type=picture.type, data=picture.data, created_at=tx.now))
    after = update_profile(user, {"picture": address})
    return keep(tx, user, replace(after, image=picture.described()))


async def remove_image(tx: Transaction, user: User) -> User:
    """No picture, whether it was uploaded or an address that some program gave."""
    tx.actor.must(May.USERS_UPDATE)
    await _forget_images(tx, user)
    return keep(tx, user, replace(update_profile(user, {"picture": None}), image=None))


async def set_logo(tx: Transaction, organization: Organization, picture: Picture, address: str) -> Organization:
    """The organization's logo, in the place of any other."""
    tx.actor.must(May.ORGS_WRITE)
    await forget_logo(tx, organization)
    tx.insert(
        OrganizationImage(
            id=picture.id,
            organization_id=organization.id,
            type=picture.type,
            data=picture.data,
            created_at=tx.now,
        )
    )
    return save_organization(tx, replace(organization, logo_url=address, image=picture.described()))


async def remove_logo(tx: Transaction, organization: Organization) -> Organization:
    """No logo any more."""
    tx.actor.must(May.ORGS_WRITE)
    await forget_logo(tx, organization)
    return save_organization(tx, replace(organization, logo_url=None, image=None))


async def _forget_images(tx: Transaction, user: User) -> None:
    for stored in await tx.owned(UserImage, user.id):
        tx.delete(stored)
