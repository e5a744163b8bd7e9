"""Parameters and shapes that several resources share."""

from collections.abc import Mapping

from muster.dialects.kit.fields import Field, Flag, Integer, List, Number, Object, OneOf, Text


class FieldNames(Text, frozen=True, kw_only=True):
    """A comma separated list of member names: `names` are those that a refusal tells, `also` are taken without telling."""

    names: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


PAGE = Integer("Which page of the results, counted from 0.", min=0)
INCLUDE_TOTALS = Flag("Answer with an object that holds the number of all results, instead of a bare array.")
INCLUDE_FIELDS = Flag("Whether the named fields are the ones shown (true, the default) or the ones left out.")
FROM = Text("Where the next page starts: the `next` of the page before.", max=1000)


def per_page(*, least: int = 1, default: int = 50) -> Integer:
    """The size of a page in the offset form."""
    return Integer(f"Results per page, at most 100; {default} when not given.", min=least, max=100)


def take(*, most: int = 100) -> Integer:
    """The size of a page in the checkpoint form."""
    return Integer(f"Results per page when paging by `from`, at most {most}; 50 when not given.", min=1, max=most)


def field_names(names: tuple[str, ...], also: tuple[str, ...] = ()) -> FieldNames:
    """The `fields` parameter; its description is part of a text that clients compare."""
    return FieldNames(
        "Comma-separated list of fields to include or exclude (based on value provided for include_fields) in the result."
        " Leave empty to retrieve all fields.",
        names=names,
        also=also,
    )


def listed(key: str, item: Field, *, offset: bool = True, length: bool = False, checkpoint: bool = False) -> Field:
    """The answer of a list: a bare array, a page with totals, or a page with the place of the next one."""
    items = List(items=item)
    shapes: list[Field] = []
    if offset:
        totals: Mapping[str, Field] = {
            "start": Number("How many results come before this page."),
            "limit": Number("The most results a page holds."),
            **({"length": Number("How many results this page holds.")} if length else {}),
            "total": Number("How many results there are."),
        }
        shapes += [items, Object(members={**totals, key: items})]
    if checkpoint:
        shapes.append(Object(members={"next": Text("Where the next page starts; absent on the last one."), key: items}))
    return OneOf(shapes=tuple(shapes))
