"""Values that stand in many bodies and answers."""

from muster.dialects.kit.fields import Integer, Object


class Date(Integer, frozen=True, kw_only=True):
    """A time that is asked for, in milliseconds: a wrong one is refused in words of its own."""


DATE = Date(about="Milliseconds since 1970 UTC.", min=0)

TIME = Integer(about="Milliseconds since 1970 UTC.")

DOCUMENT = Object(about="What programs keep; its inside is theirs.")
"""Metadata: any object."""
