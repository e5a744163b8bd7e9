"""The whole table of the cross-check, by topic."""

from typing import Final

from tests.truth.fact import Fact
from tests.truth.facts import addresses, credentials, elsewhere, identifiers, kept, person, state

TOPICS: Final[dict[str, tuple[Fact, ...]]] = {
    "Who somebody is": identifiers.FACTS,
    "Where somebody is reached": addresses.FACTS,
    "What is known of somebody": person.FACTS,
    "What programs keep of somebody": kept.FACTS,
    "How somebody proves who they are": credentials.FACTS,
    "Whether somebody may come in, and when they did": state.FACTS,
    "Where else somebody is known": elsewhere.FACTS,
}

FACTS: Final = tuple(fact for facts in TOPICS.values() for fact in facts)
