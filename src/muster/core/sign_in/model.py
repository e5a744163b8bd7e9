"""What a sign-in remembers between two pages: who tries, what was proved so far, what was sent, and where it ends.

Times are milliseconds UTC. An attempt belongs to one browser: whoever does not hold that browser's secret gets nowhere with it.
"""

from typing import Any, Literal

from muster.core.records import Key, OwnedRecord, Record
from muster.core.sessions.model import Method
from muster.core.users.model import Part

LIFETIME = 30 * 60_000
"""Milliseconds that an attempt may take."""

Step = Literal[
    "identify",
    "first_factor",
    "second_factor",
    "change_password",
    "enrol_factor",
    "verify_address",
    "consent",
    "done",
]
"""What an attempt waits for. The names are those of the pages."""


class Asked(Part, frozen=True, kw_only=True):
    """What the application wants of the sign-in, whatever the tenant wants (OpenID Connect Core section 3.1.2.1).

    `fresh` does not let an existing session do (`prompt=login`), nor one older than `max_age` ms; `second_factor` asks for
    one of everybody (`acr_values`). `scopes` are those that the user must have consented to; empty asks for no consent.
    """

    fresh: bool = False
    max_age: int | None = None
    second_factor: bool = False
    consent: bool = False
    scopes: list[str] = []
    audience: str = ""
    connection_id: str | None = None
    hint: str = ""
    locales: list[str] = []


class SentCode(Part, frozen=True, kw_only=True):
    """A code, and perhaps a link with it, that was sent for this attempt. Of both only the SHA-256 is kept.

    Whoever typed an address that nobody has finds one here too, that nothing opens.
    """

    channel: Literal["email", "sms"]
    to: str
    address_id: str | None = None
    code_hash: str
    link_hash: str = ""
    sent_at: int
    expires_at: int
    tries: int = 0


class Trip(Part, frozen=True, kw_only=True):
    """A visit to an external identity provider that the browser is to come back from. `secret` is sealed.

    `session_id` is that of somebody signed in who wants to add the identity to the account. `arrived` (sealed) is who an answer
    was about that came without the browser's own cookies; `unsolicited` says that nobody here had asked for it.
    """

    connection_id: str
    state_hash: str
    nonce: str
    secret: str
    started_at: int
    session_id: str = ""
    arrived: str = ""
    unsolicited: bool = False


class SignInAttempt(Record, frozen=True, kw_only=True):
    """One browser on its way in. `id` is 32 hex digits.

    `browser` is the SHA-256 of the browser's secret. `request` is what the application's protocol wants to find again,
    and `return_to` the path of this server where the browser goes when the attempt is done. `session_id` is the session
    that was there before or that came of it. `consented` are the scopes that the user agreed to, and `denied` says that it was
    asked for and refused. `origin` is the site's, which passkeys and the names of authenticator apps go by.
    """

    browser: str
    realm: str
    expires_at: int
    app_id: str = ""
    request: dict[str, Any] = {}
    return_to: str = "/account"
    origin: str = ""
    asked: Asked = Asked()
    identifier: str = ""
    user_id: str | None = None
    methods: list[Method] = []
    sent: SentCode | None = None
    challenge: str = ""
    trip: Trip | None = None
    remember: bool = False
    postponed: list[Step] = []
    consented: list[str] | None = None
    denied: bool = False
    session_id: str | None = None
    finished_at: int | None = None

    def keys(self) -> frozenset[Key]:
        return frozenset()

    @property
    def rests_on_session(self) -> bool:
        """Whether the person is known by the session that was there before, and by nothing proved since."""
        return self.user_id is not None and all(method.second for method in self.methods)


class RememberedBrowser(OwnedRecord, frozen=True, kw_only=True):
    """A browser in which the user need not prove a second factor again until `expires_at`.

    `browser` is the SHA-256 of its secret; `user_agent` is shown to the user.
    """

    browser: str
    expires_at: int
    user_agent: str = ""

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "rememberedbrowser", self.id)})


class UsedOnce(Record, frozen=True, kw_only=True):
    """Something that may be presented once: `id` is the SHA-256 of what it is and whose. The second insert is `Taken`."""

    expires_at: int
