"""What user names people may choose for themselves."""

from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.settings.model import SignInSettings
from muster.core.users.identifiers import usable_username
from muster.core.users.shapes import username_keys


def check_username(value: str, settings: SignInSettings, realm: Connection) -> None:
    """`Invalid("username_malformed")` for a name of the wrong length, or one shaped like an e-mail or phone number.

    Such a name would take the address's key (`username_keys`): whoever chose it would hold an address that they never proved,
    and the refusal of one that is taken would tell who has an account.
    """
    rule = realm.username_rule
    least = max(settings.shortest_username, rule.minimum)
    key = usable_username(value)
    if not least <= len(value) <= rule.maximum or len(username_keys(realm.id, key)) > 1:
        raise Invalid("username_malformed", least=least, most=rule.maximum)
