"""What every list is asked by and answered with."""

from muster.dialects.kit.fields import Field, Flag, Integer, List, Object, Text, always

MOST = 500
MOST_VALUES = 100

LIMIT = Integer(about="How many to answer.", min=1, max=MOST)
OFFSET = Integer(about="How many to leave out before the first.", min=0)
PAGE: dict[str, Field] = {"limit": LIMIT, "offset": OFFSET}
PAGINATED = Flag(about="Whether the answer is an object with a total rather than an array.")

VALUES = List(about="May be repeated.", items=Text(), max=MOST_VALUES)

ERROR: dict[str, Field] = {**always(message=Text(), long_message=Text(), code=Text()), "meta": Object()}
"""What is said of each thing that is wrong."""


def page_of(items: Field) -> Object:
    """A page in the object form."""
    return Object(members=always(data=List(items=items), total_count=Integer()))


DELETED = Object(
    about="What is left of something that was deleted.",
    members={
        **always(object=Text(about="What it was."), deleted=Flag()),
        "id": Text(),
        "slug": Text(),
        "external_id": Text(),
    },
)
