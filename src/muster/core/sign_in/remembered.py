"""Browsers in which a second factor need not be proved again for a while."""

from msgspec.structs import replace

from muster.core.ids import new_id
from muster.core.sign_in.model import RememberedBrowser
from muster.core.transaction import Transaction

MOST_REMEMBERED = 20
"""Per user; one more takes the place of the oldest."""


async def is_remembered(tx: Transaction, user_id: str, browser: str) -> bool:
    """Whether the browser, known by the hash of its secret, is one of the user's that are remembered."""
    return any(
        each.browser == browser and tx.now < each.expires_at for each in await tx.owned(RememberedBrowser, user_id)
    )


async def remember(tx: Transaction, user_id: str, browser: str, lifetime: int) -> None:
    """Remember the browser for so many ms from now. Those whose time is over go."""
    theirs = await tx.owned(RememberedBrowser, user_id)
    known = next((each for each in theirs if each.browser == browser), None)
    others = [each for each in theirs if each is not known]
    kept = [each for each in others if tx.now < each.expires_at]
    gone = [each for each in others if each not in kept]
    for each in [*gone, *kept[: max(len(kept) - MOST_REMEMBERED + 1, 0)]]:
        tx.delete(each)
    until, agent = tx.now + lifetime, tx.context.user_agent
    if known is not None:
        tx.save(replace(known, expires_at=until, user_agent=agent))
    else:
        tx.insert(
            RememberedBrowser(
                id=new_id(tx.now),
                user_id=user_id,
                browser=browser,
                created_at=tx.now,
                expires_at=until,
                user_agent=agent,
            )
        )
    tx.note("browser.remembered", user_id=user_id)


async def forget_browsers(tx: Transaction, user_id: str) -> int:
    """Ask for a second factor again in every browser of the user; how many there were."""
    theirs = await tx.owned(RememberedBrowser, user_id)
    for each in theirs:
        tx.delete(each)
    if theirs:
        tx.note("browser.forgotten", user_id=user_id, count=len(theirs))
    return len(theirs)
