"""What the OAuth provider keeps besides grants: devices that wait for their user (RFC 8628). Times are milliseconds UTC."""

from typing import Literal

from muster.core.records import Key, Record


class DeviceCode(Record, frozen=True, kw_only=True):
    """A device's request. Of both codes only the SHA-256 is kept; `interval` (s) grows when the device asks too often."""

    app_id: str
    device_hash: str
    user_hash: str
    scopes: list[str] = []
    audience: str = ""
    expires_at: int
    interval: int = 5
    asked_at: int | None = None
    state: Literal["waiting", "allowed", "denied"] = "waiting"
    user_id: str | None = None
    session_id: str | None = None

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "device_code", self.device_hash), Key("", "user_code", self.user_hash)})
