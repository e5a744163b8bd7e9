"""Addresses that a native program may be sent back to after a sign-in elsewhere."""

from muster.core.actor import Permissions as May
from muster.core.ids import new_id
from muster.core.records import Key, Record
from muster.core.transaction import Transaction


class RedirectUrl(Record, frozen=True, kw_only=True):
    """One address, unique in the tenant."""

    url: str

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "redirect_url", self.url)})


async def create_redirect_url(tx: Transaction, url: str) -> RedirectUrl:
    """One more address; `Taken("redirect_url", …)` at the commit when it is there."""
    tx.actor.must(May.APPS_WRITE)
    tx.note("redirect_url.created", url=url)
    return tx.insert(RedirectUrl(id=new_id(tx.now), url=url, created_at=tx.now))


async def delete_redirect_url(tx: Transaction, id_: str) -> None:
    """An address goes; `NotFound("redirecturl")`."""
    tx.actor.must(May.APPS_WRITE)
    found = await tx.need(RedirectUrl, id_)
    tx.delete(found)
    tx.note("redirect_url.deleted", url=found.url)
