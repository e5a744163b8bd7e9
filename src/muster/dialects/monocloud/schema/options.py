"""What may be sent about the sign-up form's own questions. The options themselves are patched in the shape in which they are
shown.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

ClaimName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
ValueType = Literal["string", "email", "phone"]


class CreateSignUpCustomFieldRequest(Struct, kw_only=True):
    enabled: bool
    required: bool
    claim_name: ClaimName
    value_type: ValueType
    label: Label


class PatchSignUpCustomFieldRequest(Struct, kw_only=True):
    enabled: bool | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    claim_name: ClaimName | UnsetType = UNSET
    value_type: ValueType | UnsetType = UNSET
    label: Label | UnsetType = UNSET
