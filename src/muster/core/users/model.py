"""The user: one aggregate, one document. Every dialect shows and changes this, whatever its own words are.

All times are milliseconds since 1970 UTC. `None` means "never said" and is kept apart from `False` and `{}` throughout.
Structs are frozen: a change makes a new user (`identifiers.py`, `profile.py`, `metadata.py`, `access.py`).
"""

from typing import Any, Literal

import msgspec

from muster.core.errors import Invalid
from muster.core.ids import UserId
from muster.core.records import Key, Record
from muster.core.users.shapes import foreign_key, username_keys

Document = dict[str, Any]
Door = Literal["auth0", "clerk", "monocloud", "mattr", "netwrix", "muster"]
"""Which API or tool wrote something; used only to remember it, never to decide a rule of the core."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of the user's document."""


class Origin(Part, frozen=True, kw_only=True):
    """How the user came to be."""

    door: Door
    via: Literal["api", "signup", "external", "import", "jit"] = "api"


class ForeignId(Part, frozen=True, kw_only=True):
    """An id that another system gave. `kind` is the dialect by which it is found and shown; unique per tenant and kind."""

    kind: Door
    value: str


class Verification(Part, frozen=True, kw_only=True):
    """The last check of an address."""

    method: Literal["admin", "code", "link", "oauth", "saml", "ticket", "scim", "web3"]
    provider: str | None = None
    status: str = "verified"
    attempts: int | None = None
    expires_at: int | None = None


class Address(Part, frozen=True, kw_only=True):
    """What e-mail addresses, phone numbers and wallets share; `value` is already in its one canonical form."""

    id: str
    value: str
    primary: bool = False
    verified: bool = False
    verified_at: int | None = None
    verification: Verification | None = None
    reserved: bool = False
    source: str = "muster"
    links: list[str] = []
    created_at: int
    updated_at: int


class Username(Part, frozen=True, kw_only=True):
    """`value` as written, `key` what is compared (NFKC, case folded)."""

    id: str
    value: str
    key: str
    source: str = "muster"


class PostalAddress(Part, frozen=True, kw_only=True):
    """The six texts of an OpenID Connect address claim (OpenID Connect Core 1.0, section 5.1.1)."""

    formatted: str | None = None
    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Profile(Part, frozen=True, kw_only=True):
    """The person, as OpenID Connect's standard claims name it (Core 1.0, section 5.1); `custom` is a sign-up form's own."""

    name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    nickname: str | None = None
    preferred_username: str | None = None
    profile: str | None = None
    picture: str | None = None
    website: str | None = None
    gender: str | None = None
    birthdate: str | None = None
    zoneinfo: str | None = None
    locale: str | None = None
    address: PostalAddress | None = None
    custom: Document = {}


class Image(Part, frozen=True, kw_only=True):
    """An uploaded picture; while it is set, `profile.picture` is its public address."""

    id: str
    type: str
    hash: str


_NOTHING = msgspec.Raw()


class Metadata(Part, frozen=True, kw_only=True):
    """Three documents for programs: seen by all, by back ends only, and written by the user themself.

    They are kept as JSON, empty for "never said", and decoded only for who looks inside: most calls merely pass them on.
    """

    public_json: msgspec.Raw = msgspec.field(name="public", default=_NOTHING)
    private_json: msgspec.Raw = msgspec.field(name="private", default=_NOTHING)
    unsafe_json: msgspec.Raw = msgspec.field(name="unsafe", default=_NOTHING)

    @classmethod
    def of(
        cls, *, public: Document | None = None, private: Document | None = None, unsafe: Document | None = None
    ) -> "Metadata":
        """The documents as a program holds them."""
        return cls(public_json=written(public), private_json=written(private), unsafe_json=written(unsafe))

    @property
    def public(self) -> Document | None:
        """A copy of one's own, as are the others."""
        return _read(self.public_json)

    @property
    def private(self) -> Document | None:
        return _read(self.private_json)

    @property
    def unsafe(self) -> Document | None:
        return _read(self.unsafe_json)


def written(document: Document | None) -> msgspec.Raw:
    """A document as it is kept; `Invalid` when a text in it holds half a character."""
    if document is None:
        return _NOTHING
    try:
        return msgspec.Raw(_encode(document))
    except UnicodeEncodeError:
        raise Invalid("text_not_unicode") from None


def _read(json: msgspec.Raw) -> Document | None:
    return _decode(json) if json else None


_decode = msgspec.json.Decoder(Document).decode
_encode = msgspec.json.Encoder().encode


class Password(Part, frozen=True, kw_only=True):
    """A password's hash as `scheme` reads it, with up to 24 former ones. `changed_at` is None until it first changes."""

    hash: str
    scheme: str
    set_at: int
    changed_at: int | None = None
    history: list[str] = []


class MustChange(Part, frozen=True, kw_only=True):
    """The password must be changed by the time `by`."""

    by: int
    why: Literal["temporary", "admin", "compromised", "expired"]


class Factor(Part, frozen=True, kw_only=True):
    """A second factor. `secret` is sealed; `dev` is the 16-character device part that some APIs show."""

    id: str
    dev: str
    kind: Literal["totp", "phone", "email", "push", "webauthn_roaming", "webauthn_platform"]
    name: str | None = None
    confirmed: bool = False
    target: str | None = None
    channel: Literal["sms", "voice"] | None = None
    default: bool = False
    secret: str | None = None
    created_at: int
    enrolled_at: int | None = None
    used_at: int | None = None


class Passkey(Part, frozen=True, kw_only=True):
    """A WebAuthn credential used to sign in; key material is base64url text."""

    id: str
    dev: str
    credential_id: str
    public_key: str
    aaguid: str | None = None
    name: str | None = None
    backup_state: bool = False
    backup_eligible: bool = False
    user_present: bool = True
    user_verified: bool = False
    user_agent: str | None = None
    transports: list[str] = []
    rp_id: str | None = None
    user_handle: str | None = None
    link_id: str | None = None
    created_at: int
    used_at: int | None = None


class Code(Part, frozen=True, kw_only=True):
    """A one-time code kept for a rainy day; only its hash is stored."""

    kind: Literal["recovery", "backup"]
    hash: str
    used_at: int | None = None


class Mfa(Part, frozen=True, kw_only=True):
    """Whether a second factor is demanded of this user, and when that last changed."""

    required: bool = False
    enabled_at: int | None = None
    disabled_at: int | None = None
    changed_at: int | None = None


class DatabaseAccount(Part, frozen=True, kw_only=True):
    """The home account of a user who was merged into another one: it keeps its identifiers and still signs in."""

    email: str | None = None
    phone: str | None = None
    username: str | None = None
    password: Password | None = None


class Link(Part, frozen=True, kw_only=True):
    """An identity elsewhere. (connection, subject) is unique; `tokens` are sealed; `profile` is kept as it was brought."""

    id: str
    kind: Literal["social", "enterprise", "passwordless", "database"]
    connection_id: str
    provider: str
    subject: str
    profile: Document = {}
    scopes: list[str] = []
    tokens: str | None = None
    label: str | None = None
    public_metadata: Document | None = None
    account: DatabaseAccount | None = None
    created_at: int
    updated_at: int
    authenticated_at: int | None = None

    def keys(self) -> set[Key]:
        """The identity's own key, and those of a merged home account, which stay in that account's realm."""
        keys = {Key(self.connection_id, "subject", self.subject)}
        if self.account is not None:
            if self.account.email is not None:
                keys.add(Key(self.connection_id, "email", self.account.email))
            if self.account.phone is not None:
                keys.add(Key(self.connection_id, "phone", self.account.phone))
            if self.account.username is not None:
                keys |= username_keys(self.connection_id, self.account.username)
        return keys


class Allow(Part, frozen=True, kw_only=True):
    """What this user may do for themself."""

    delete_self: bool = True
    create_orgs: bool = True
    create_orgs_limit: int | None = None
    bypass_client_trust: bool = False


class Suspension(Part, frozen=True, kw_only=True):
    """An administrator's decision, and through which door it was made."""

    at: int
    by: Door


class GroupMembership(Part, frozen=True, kw_only=True):
    """That the user is in a group, and since when. A group that was deleted may still be named here; nobody is shown it."""

    group_id: str
    joined_at: int


class User(Record, frozen=True, kw_only=True):
    """A person of one tenant. `seq` is given by storage at the first commit and is 0 before.

    `suspended` is None until an administrator first says something. `activity` is read beside the document, never in it.
    """

    id: UserId = UserId("")
    seq: int = 0
    realm: str
    origin: Origin
    internal: bool = False
    foreign_ids: list[ForeignId] = []
    external_id: str | None = None

    emails: list[Address] = []
    phones: list[Address] = []
    username: Username | None = None
    wallets: list[Address] = []

    profile: Profile = Profile()
    image: Image | None = None
    metadata: Metadata = Metadata()
    claims: Document = {}
    claims_view: dict[str, Literal["own", "hidden"]] = {}

    password: Password | None = None
    must_change: MustChange | None = None
    factors: list[Factor] = []
    passkeys: list[Passkey] = []
    codes: list[Code] = []
    mfa: Mfa = Mfa()
    links: list[Link] = []

    suspended: bool | None = None
    suspension: Suspension | None = None
    allow: Allow = Allow()
    legal_accepted_at: int | None = None
    hub_roles: list[str] = []
    groups: list[GroupMembership] = []
    organizations: list[str] = []
    vendor: dict[str, Document] = {}
    activity: "Activity | None" = None

    def keys(self) -> frozenset[Key]:
        """Every unique value that leads to this user."""
        keys = {Key(self.realm, "email", address.value) for address in self.emails}
        keys |= {Key(self.realm, "phone", address.value) for address in self.phones}
        keys |= {Key(self.realm, "wallet", address.value) for address in self.wallets}
        if self.username is not None:
            keys |= username_keys(self.realm, self.username.key)
        if self.external_id is not None:
            keys.add(Key("", "external_id", self.external_id))
        keys |= {foreign_key(foreign.kind, foreign.value) for foreign in self.foreign_ids}
        if self.passkeys:
            keys |= {Key("", "passkey", passkey.credential_id) for passkey in self.passkeys}
        for link in self.links:
            keys |= link.keys()
        return frozenset(keys)


class Seen(Part, frozen=True, kw_only=True):
    """When and from where."""

    at: int
    ip: str = ""


class Lock(Part, frozen=True, kw_only=True):
    """No sign-in until `until`, or for ever when that is None; set by failures or by an administrator's hand."""

    at: int
    cause: Literal["failures", "manual"]
    until: int | None = None


class IpBlock(Part, frozen=True, kw_only=True):
    """Failures from one address; it is blocked while `until` lies ahead."""

    ip: str
    failures: int = 0
    attempts: int = 0
    until: int | None = None
    last_at: int


class FactorUse(Part, frozen=True, kw_only=True):
    """The last success of a second factor; `step` is the time step of a code, which is never taken again."""

    at: int
    step: int | None = None


class Activity(Record, frozen=True, kw_only=True):
    """What signing in leaves behind: one narrow row per user (`id` is the user's), so that it never rewrites the document.

    `failures` are in a row, `attempts` and `successes` ever, `factors` by the factor's id. `sessions` counts those ever
    started: whoever ends all of a user's sessions expects this row, so that none is started meanwhile.
    """

    attempts: int = 0
    successes: int = 0
    failures: int = 0
    logins: int = 0
    last_login: Seen | None = None
    last_attempt: Seen | None = None
    last_success: Seen | None = None
    last_active_at: int | None = None
    place: dict[str, str] = {}
    lock: Lock | None = None
    ip_blocks: list[IpBlock] = []
    factors: dict[str, FactorUse] = {}
    sessions: int = 0
