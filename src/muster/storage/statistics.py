"""What searches are planned by, brought up to date after many users came in at once.

PostgreSQL would do the same by itself a minute or more later, and until then a search for a part of a name reads whole tables.
"""

from typing import Final

from muster.storage.opening import open_session

GROWING: Final = ("users", "identifiers", "text_terms", "number_terms", "user_texts", "events")
"""The tables that get rows with every new user."""


async def refresh(database_url: str) -> None:
    """Let the next search be planned by what these tables hold now."""
    session = await open_session(database_url)
    try:
        await session.measure(GROWING)
    finally:
        await session.close()
