"""Sessions: what may be asked and what is answered."""

from muster.dialects.clerk.schema.listing import PAGE, PAGINATED
from muster.dialects.clerk.schema.values import TIME
from muster.dialects.kit.fields import Flag, List, Object, Text, always

_STRING = Text(nullable=True)
STATUS = Text(one_of=("active", "pending", "ended", "expired", "removed", "replaced", "revoked", "abandoned"))

LIST = Object(
    members={"client_id": Text(), "user_id": Text(), "status": STATUS, "paginated": PAGINATED, **PAGE},
)
CREATE = Object(closed=True, members={"user_id": Text(required=True, max=256), "active_organization_id": _STRING})

SESSION = Object(
    members={
        **always(
            object=Text(one_of=("session",)),
            id=Text(),
            user_id=Text(),
            client_id=Text(),
            status=STATUS,
            last_active_at=TIME,
            expire_at=TIME,
            abandon_at=TIME,
            created_at=TIME,
            updated_at=TIME,
        ),
        "actor": Object(nullable=True),
        "tasks": List(
            about="What the user must still do.", items=Object(members={"key": Text(required=True)}), nullable=True
        ),
        "last_active_organization_id": _STRING,
        "latest_activity": Object(
            nullable=True,
            members={
                **always(object=Text(one_of=("session_activity",)), id=Text(), is_mobile=Flag()),
                "device_type": _STRING,
                "browser_name": _STRING,
                "browser_version": _STRING,
                "ip_address": _STRING,
                "city": _STRING,
                "country": _STRING,
            },
        ),
    },
)
SESSIONS = List(items=SESSION)
