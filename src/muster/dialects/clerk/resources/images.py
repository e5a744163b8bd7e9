"""Pictures of users and logos of organizations: uploaded, removed, and served to everybody."""

from muster.core.actor import Permissions as May
from muster.core.ids import new_id
from muster.core.images import actions
from muster.core.images.actions import Picture
from muster.core.images.model import OrganizationImage, UserImage
from muster.core.organizations.model import Organization
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.clerk.operation import Operation
from muster.dialects.clerk.problems import refused
from muster.dialects.clerk.reply import answer
from muster.dialects.clerk.resources import organizations, users
from muster.dialects.clerk.resources.calls import read_user, services_of, the_user, view_of
from muster.dialects.clerk.schema import organizations as organization_schema
from muster.dialects.clerk.schema import users as user_schema
from muster.dialects.clerk.wire import pictures
from muster.dialects.clerk.wire.ids import read_id, show_id
from muster.dialects.clerk.wire.organizations import show_organization
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, NoRoute
from muster.dialects.kit.multipart import read_form
from muster.dialects.kit.pictures import recode
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Route

MOST_BYTES = 10 * 1024 * 1024

_SAFE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_DAY: Header = (b"cache-control", b"public, max-age=86400")
_YEAR: Header = (b"cache-control", b"public, max-age=31536000, immutable")


async def set_profile_image(call: Call) -> Reply:
    """The user's picture, in the place of any other."""
    await read_user(call, call.path["user_id"])  # before the upload is read
    picture, _ = await _uploaded(call)
    address = pictures.uploaded((await view_of(call)).place, show_id("img", picture.id))

    async def act(tx: Transaction) -> User:
        return await actions.set_image(tx, await the_user(tx, call.path["user_id"]), picture, address)

    return await users.shown(call, await call.act(act))


async def delete_profile_image(call: Call) -> Reply:
    """No picture any more; whether there was one makes no difference."""

    async def act(tx: Transaction) -> User:
        return await actions.remove_image(tx, await the_user(tx, call.path["user_id"]))

    return await users.shown(call, await call.act(act))


async def set_logo(call: Call) -> Reply:
    """The organization's logo, in the place of any other."""
    await organizations.read_organization(call)
    picture, uploader = await _uploaded(call)
    if uploader:
        await read_user(call, uploader)
    view = await view_of(call)
    address = pictures.uploaded(view.place, show_id("img", picture.id))

    async def act(tx: Transaction) -> Organization:
        return await actions.set_logo(tx, await organizations.the_organization(tx, call), picture, address)

    organization = await call.act(act)
    return answer({**show_organization(organization, view.place), "logo_url": organization.logo_url})


async def delete_logo(call: Call) -> Reply:
    """No logo any more."""

    async def act(tx: Transaction) -> Organization:
        return await actions.remove_logo(tx, await organizations.the_organization(tx, call))

    return await organizations.shown(call, await call.act(act))


async def serve(call: Call) -> Reply:
    """A picture, uploaded or drawn. One that its owner has no longer is not there."""
    name = call.path["name"]
    id_ = read_id("img", name)
    if id_ is None:
        initials = pictures.read_default(name)
        if initials is None:
            raise NoRoute("path")
        return Reply(200, pictures.drawn(initials), ((b"content-type", b"image/svg+xml"), _YEAR, *_SAFE))
    image = await _current(call, id_)
    tag: Header = (b"etag", f'"{image.id}"'.encode())
    if call.header(b"if-none-match") == tag[1]:
        return Reply(304, b"", (tag, _DAY))
    return Reply(200, image.data, ((b"content-type", image.type.encode()), tag, _DAY, *_SAFE))


async def _current(call: Call, id_: str) -> UserImage | OrganizationImage:
    own = await call.store.get(call.tenant_id, UserImage, id_)
    if own is not None:
        user = await call.store.get(call.tenant_id, User, own.user_id)
        if user is not None and user.image is not None and user.image.id == id_:
            return own
    logo = await call.store.get(call.tenant_id, OrganizationImage, id_)
    if logo is None:
        raise NoRoute("path")
    return logo


async def _uploaded(call: Call) -> tuple[Picture, str]:
    """The picture of a form, made safe, and who uploaded it, if the form says so."""
    try:
        form = await read_form(call.receive, call.header(b"content-type"), file="file", most=MOST_BYTES)
    except BadRequest as refusal:
        if refusal.code == "too_large":
            text = "The image being uploaded is more than 10MB. Please choose a smaller one."
            raise refused(413, "image_too_large", "Image too large", text) from None
        raise
    with form:
        if form.file is None:
            text = "There was no image file present in the request"
            raise refused(400, "form_param_missing", "Image file missing", text)
        try:
            recoded = await recode(form.file)
        except BadRequest as refusal:
            if refusal.code == "image_type":
                text = (
                    f"'{refusal.detail['type']}' images are not currently supported. Please consult the API documentation "
                    "for more information."
                )
                raise refused(400, "request_body_invalid", "Unsupported image type", text) from None
            text = "The image could not be decoded. Please ensure the image is valid and try again."
            raise refused(400, "request_body_invalid", "Image decode error", text) from None
    id_ = new_id(services_of(call).clock.now())
    return Picture(id_, recoded.type, recoded.data), form.texts.get("uploader_user_id", "")


_USER, _ORGANIZATION = "/users/{user_id}/profile_image", "/organizations/{organization_id}/logo"

ROUTES = [
    Route(
        "POST",
        _USER,
        set_profile_image,
        needs=(May.USERS_UPDATE,),
        title="Set user profile image",
        about=Operation(form=user_schema.IMAGE_FORM, answer=user_schema.USER),
        reads_body=True,
    ),
    Route(
        "DELETE",
        _USER,
        delete_profile_image,
        needs=(May.USERS_UPDATE,),
        title="Delete user profile image",
        about=Operation(answer=user_schema.USER),
    ),
    Route(
        "PUT",
        _ORGANIZATION,
        set_logo,
        needs=(May.ORGS_WRITE,),
        title="Upload a logo for the organization",
        about=Operation(form=organization_schema.LOGO_FORM, answer=organization_schema.WITH_LOGO),
        reads_body=True,
    ),
    Route(
        "DELETE",
        _ORGANIZATION,
        delete_logo,
        needs=(May.ORGS_WRITE,),
        title="Delete the organization's logo.",
        about=Operation(answer=organization_schema.ORGANIZATION),
    ),
]

SERVE = Route("GET", "/images/{name}", serve, needs=None, title="A picture")
"""Below the dialect's prefix and not among the API's operations."""
