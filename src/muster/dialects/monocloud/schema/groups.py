"""What may be sent about a group."""

from msgspec import UNSET, Struct, UnsetType


class CreateGroupRequest(Struct):
    name: str
    description: str | None = None
    is_auto_assigned: bool = False


class PatchGroupRequest(Struct):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    is_auto_assigned: bool | UnsetType = UNSET
