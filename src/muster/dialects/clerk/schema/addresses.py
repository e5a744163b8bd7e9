"""E-mail addresses and phone numbers by themselves."""

from muster.dialects.kit.fields import Field, Flag, Object, Text

FLAG = Flag(nullable=True)
_STATUS = Text(one_of=("verified", "reserved", "unverified"))
_CHANGED: dict[str, Field] = {"verified": FLAG, "primary": FLAG}
_NOTIFY: dict[str, Field] = {"notify_primary_email_address_changed": FLAG}
_EMAIL = Text(format="email", required=True)
_PHONE = Text(format="phone", required=True)
_USER = Text(required=True, max=256)

CREATE_EMAIL = Object(closed=True, members={"user_id": _USER, "email_address": _EMAIL, **_CHANGED, **_NOTIFY})
UPDATE_EMAIL = Object(closed=True, members={**_CHANGED, **_NOTIFY})
REPLACE_EMAILS = Object(closed=True, members={"email_address": _EMAIL, "identification_status": _STATUS, **_NOTIFY})
CREATE_PHONE = Object(
    closed=True, members={"user_id": _USER, "phone_number": _PHONE, **_CHANGED, "reserved_for_second_factor": FLAG}
)
UPDATE_PHONE = Object(closed=True, members={**_CHANGED, "reserved_for_second_factor": FLAG})
REPLACE_PHONES = Object(closed=True, members={"phone_number": _PHONE, "identification_status": _STATUS})
