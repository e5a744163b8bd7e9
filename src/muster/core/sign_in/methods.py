"""The names of the proofs that an attempt and its session remember. A return from elsewhere has its connection's name."""

from typing import Final

PASSWORD: Final = "password"  # noqa: S105 - the name of a proof
EMAIL_CODE: Final = "email_code"
EMAIL_LINK: Final = "email_link"
SMS_CODE: Final = "sms_code"
PASSKEY: Final = "passkey"
"""Whose authenticator saw its owner's finger, face or PIN: two factors in one."""
SECURITY_KEY: Final = "security_key"
"""A passkey whose authenticator only saw that somebody was there."""
TICKET: Final = "ticket"
"""A text that somebody else handed over: a reset by mail, a token made by a program."""

TOTP: Final = "totp"
PHONE: Final = "phone"
EMAIL: Final = "email"
BACKUP: Final = "backup"
