"""Organizations, memberships and invitations: what may be sent and what is answered."""

from muster.dialects.clerk.schema.listing import PAGE, PAGINATED, VALUES, page_of
from muster.dialects.clerk.schema.values import DATE, DOCUMENT, TIME
from muster.dialects.kit.fields import Field, Flag, Integer, List, Object, OneOf, Text, always, required

_STRING = Text(nullable=True)
_OPEN = Object(nullable=True)
_DOCUMENTS: dict[str, Field] = {"public_metadata": _OPEN, "private_metadata": _OPEN}
_NAME = Text(about="What people call it.")
_LIMIT = Integer(about="How many members it takes; 0 is without limit.", min=0, max=2**31 - 1, nullable=True)
STATUS = Text(one_of=("pending", "accepted", "revoked", "expired"))

CREATE = Object(
    closed=True,
    members={
        "name": required(_NAME),
        "created_by": _STRING,
        **_DOCUMENTS,
        "slug": _STRING,
        "max_allowed_memberships": _LIMIT,
        "created_at": _STRING,
        "role_set_key": _STRING,
    },
)

UPDATE = Object(
    closed=True,
    members={
        "name": Text(nullable=True),
        "slug": _STRING,
        "max_allowed_memberships": _LIMIT,
        "admin_delete_enabled": Flag(nullable=True),
        "created_at": _STRING,
        "role_set_key": _STRING,
        **_DOCUMENTS,
    },
)

WRITE_METADATA = Object(closed=True, members={"public_metadata": DOCUMENT, "private_metadata": DOCUMENT})
LOGO_FORM = Object(
    members={
        "uploader_user_id": Text(),
        "file": Text(about="JPEG, PNG, GIF or WebP, at most 10 MB.", required=True),
    }
)

COUNTED: dict[str, Field] = {
    "include_members_count": Flag(),
    "include_missing_member_with_elevated_permissions": Flag(),
}
GET = Object(members=COUNTED)
LIST = Object(
    members={**COUNTED, "query": Text(), "user_id": VALUES, "organization_id": VALUES, "order_by": Text(), **PAGE}
)

_ORGANIZATION: dict[str, Field] = {
    **always(
        object=Text(one_of=("organization",)),
        id=Text(),
        name=Text(),
        slug=Text(),
        has_image=Flag(),
        max_allowed_memberships=Integer(),
        admin_delete_enabled=Flag(),
        public_metadata=DOCUMENT,
        created_at=TIME,
        updated_at=TIME,
    ),
    "image_url": Text(),
    "logo_url": Text(nullable=True, deprecated=True),
    "members_count": Integer(),
    "pending_invitations_count": Integer(),
    "missing_member_with_elevated_permissions": Flag(),
    "private_metadata": DOCUMENT,
    "created_by": Text(),
    "last_active_at": Integer(),
    "role_set_key": _STRING,
}

ORGANIZATION = Object(members=_ORGANIZATION)
WITH_LOGO = Object(members={**_ORGANIZATION, "image_url": Text(required=True)})
ORGANIZATIONS = page_of(ORGANIZATION)

_PERSON: dict[str, Field] = {
    **always(user_id=Text(), first_name=_STRING, last_name=_STRING, image_url=Text(), has_image=Flag()),
    "profile_image_url": Text(nullable=True, deprecated=True),
    "identifier": _STRING,
    "username": _STRING,
    "banned": Flag(),
    "deprovisioned": Flag(),
}

MEMBERSHIP = Object(
    members={
        **always(
            id=Text(),
            object=Text(one_of=("organization_membership",)),
            role=Text(),
            permissions=List(items=Text()),
            public_metadata=DOCUMENT,
            organization=ORGANIZATION,
            created_at=TIME,
            updated_at=TIME,
        ),
        "role_name": Text(),
        "private_metadata": DOCUMENT,
        "public_user_data": Object(members={**_PERSON, "profile_image_url": required(_STRING)}),
    },
)
MEMBERSHIPS = page_of(MEMBERSHIP)

ADD_MEMBER = Object(
    closed=True, members={"user_id": Text(required=True, max=256), "role": Text(required=True), **_DOCUMENTS}
)
UPDATE_MEMBER = Object(closed=True, members={"role": Text(required=True)})

MEMBER_FILTERS: dict[str, Field] = {
    "user_id": VALUES,
    "email_address": VALUES,
    "phone_number": VALUES,
    "username": VALUES,
    "web3_wallet": VALUES,
    "role": VALUES,
    "query": Text(),
    "email_address_query": Text(),
    "phone_number_query": Text(),
    "username_query": Text(),
    "name_query": Text(),
    "last_active_at_before": DATE,
    "last_active_at_after": DATE,
    "created_at_before": DATE,
    "created_at_after": DATE,
}
LIST_MEMBERS = Object(members={**MEMBER_FILTERS, "order_by": Text(), **PAGE})
LIST_ALL_MEMBERS = Object(members={"order_by": Text(), **PAGE})
OF_USER = Object(members=PAGE)

_EMAIL = Text(format="email", required=True)
_DAYS = Integer(min=1, max=365, nullable=True)

INVITE = Object(
    closed=True,
    members={
        "email_address": _EMAIL,
        "public_metadata": _OPEN,
        "redirect_url": _STRING,
        "notify": Flag(nullable=True),
        "ignore_existing": Flag(nullable=True),
        "expires_in_days": _DAYS,
        "template_slug": Text(one_of=("invitation", "waitlist_invitation")),
    },
)
INVITE_SEVERAL = List(items=INVITE)
LIST_INVITATIONS = Object(
    members={"status": STATUS, "query": Text(), "order_by": Text(), "paginated": PAGINATED, **PAGE}
)

INVITE_MEMBER = Object(
    closed=True,
    members={
        "email_address": _EMAIL,
        "role": Text(required=True),
        "inviter_user_id": _STRING,
        **_DOCUMENTS,
        "redirect_url": _STRING,
        "expires_in_days": _DAYS,
        "notify": Flag(nullable=True),
    },
)
INVITE_MEMBERS = List(items=INVITE_MEMBER)
LIST_ALL_INVITATIONS = Object(members={"status": STATUS, "query": Text(), "order_by": Text(), **PAGE})
LIST_MEMBER_INVITATIONS = Object(members={"status": STATUS, "email_address": Text(), "order_by": Text(), **PAGE})
USER_INVITATIONS = Object(members={"status": STATUS, **PAGE})
REVOKE = Object(closed=True, members={"requesting_user_id": _STRING})

INVITATION = Object(
    members={
        **always(
            object=Text(one_of=("invitation",)),
            id=Text(),
            email_address=Text(),
            public_metadata=DOCUMENT,
            status=STATUS,
            created_at=TIME,
            updated_at=TIME,
        ),
        "revoked": Flag(),
        "url": Text(),
        "expires_at": Integer(nullable=True),
    },
)
INVITATIONS = List(items=INVITATION)

MEMBER_INVITATION = Object(
    members={
        **always(
            object=Text(one_of=("organization_invitation",)),
            id=Text(),
            email_address=Text(),
            role=Text(),
            role_name=Text(),
            inviter_id=_STRING,
            public_inviter_data=Object(nullable=True, members={**_PERSON, "identifier": required(_STRING)}),
            public_metadata=DOCUMENT,
            url=_STRING,
            expires_at=Integer(nullable=True),
            created_at=TIME,
            updated_at=TIME,
        ),
        "organization_id": Text(),
        "status": STATUS,
        "private_metadata": DOCUMENT,
        "public_organization_data": Object(
            members={
                **always(id=Text(), name=Text(), slug=Text(), has_image=Flag()),
                "image_url": Text(),
            }
        ),
    },
)
MEMBER_INVITATIONS = page_of(MEMBER_INVITATION)

REDIRECT_URL = Object(
    members=always(object=Text(one_of=("redirect_url",)), id=Text(), url=Text(), created_at=TIME, updated_at=TIME)
)
REDIRECT_URLS = List(items=REDIRECT_URL)
CREATE_REDIRECT_URL = Object(closed=True, members={"url": Text(required=True)})
LIST_REDIRECT_URLS = Object(members={"paginated": PAGINATED, **PAGE})
_KEY: dict[str, Field] = {
    **always(kid=Text(), alg=Text(), use=Text()),
    "x5c": List(items=Text()),
    "x5t": Text(),
    "x5t#S256": Text(),
    "x5u": Text(),
}
JWKS = Object(
    members={
        "keys": List(
            items=OneOf(
                shapes=(
                    Object(members={**_KEY, **always(kty=Text(one_of=("RSA",)), n=Text(), e=Text())}),
                    Object(members={**_KEY, **always(kty=Text(one_of=("EC",)), crv=Text(), x=Text(), y=Text())}),
                    Object(members={**_KEY, **always(kty=Text(one_of=("OKP",)), crv=Text(), x=Text())}),
                )
            )
        )
    }
)
