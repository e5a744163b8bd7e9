"""The tenant's options in MonoCloud's shape: shown from the core's settings and from what only this API keeps, and taken apart
again.

The defaults of the real service are published nowhere; ours are the core's, and the vendor's own samples for the rest.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from muster.core.passwords.policy import Kind
from muster.core.settings.model import CustomField, IdentifierRule, Restriction, SignInSettings
from muster.dialects.monocloud.wire.ids import DIALECT

MINUTE: Final = 60_000
SECOND: Final = 1_000
DAY: Final = 86_400_000

Length = Annotated[int, msgspec.Meta(ge=1, le=256, extra_json_schema={"format": "int32"})]
CodeLength = Annotated[int, msgspec.Meta(ge=4, le=12, extra_json_schema={"format": "int32"})]
Number = Annotated[int, msgspec.Meta(ge=0, le=10_000, extra_json_schema={"format": "int32"})]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=10_000, extra_json_schema={"format": "int32"})]
SecondsLong = Annotated[int, msgspec.Meta(ge=1, le=31_536_000, extra_json_schema={"format": "int32"})]
MinutesLong = Annotated[int, msgspec.Meta(ge=1, le=5_256_000, extra_json_schema={"format": "int32"})]
DaysLong = Annotated[int, msgspec.Meta(ge=1, le=36_500, extra_json_schema={"format": "int32"})]
Listed = Annotated[str, msgspec.Meta(min_length=1, max_length=320)]

VerificationType = Literal["code", "link", "both"]


class PushedAuthorizationOptions(Struct, kw_only=True):
    enable_pushed_authorization_requests: bool = False
    require_pushed_authorization_requests: bool = False


class AccountProtectionUserUnblockEmailOptions(Struct, kw_only=True):
    expiry: SecondsLong = 3_600


class AccountProtectionUserUnblockOptions(Struct, kw_only=True):
    email: AccountProtectionUserUnblockEmailOptions = msgspec.field(
        default_factory=AccountProtectionUserUnblockEmailOptions
    )


class AccountProtectionUserLockoutOptions(Struct, kw_only=True):
    enabled: bool = True
    max_failed_access_attempts: AtLeastOne = 10
    user_lockout_time_span: MinutesLong = 60
    ip_lockout_time_span: MinutesLong = 43_200
    allowed_ips: list[Listed] = []
    lockout_type: Literal["ip", "user_account"] = "ip"
    user_unblock: AccountProtectionUserUnblockOptions = msgspec.field(
        default_factory=AccountProtectionUserUnblockOptions
    )


class AccountProtectionOptions(Struct, kw_only=True):
    user_lockout: AccountProtectionUserLockoutOptions = msgspec.field(
        default_factory=AccountProtectionUserLockoutOptions
    )


class PasswordStrengthOptions(Struct, kw_only=True):
    minimum_length: Length = 8
    require_non_alphanumeric_character: bool = False
    require_digit: bool = False
    require_lowercase_character: bool = False
    require_uppercase_character: bool = False
    required_unique_characters_count: Number = 0


class PasswordReuseOptions(Struct, kw_only=True):
    restriction_mode: Literal["off", "date", "count", "date_and_count"] = "off"
    restriction_period: MinutesLong = 525_600
    restriction_count: Annotated[int, msgspec.Meta(ge=1, le=24, extra_json_schema={"format": "int32"})] = 5


class PasswordAuthenticatorOptions(Struct, kw_only=True):
    enable_sign_in: bool = True
    enable_sign_up: bool = True
    prompt_password_on_initial_screen: bool = False
    expiry: DaysLong | None = None
    strength: PasswordStrengthOptions = msgspec.field(default_factory=PasswordStrengthOptions)
    reuse: PasswordReuseOptions = msgspec.field(default_factory=PasswordReuseOptions)


class PasskeyAuthenticatorOptions(Struct, kw_only=True):
    enable_sign_in: bool = False
    enable_sign_up: bool = False
    prompt_enrollment: bool = False
    prompt_device_enrollment: bool = False
    enable_auto_complete: bool = False
    show_passkey_button: bool = False


class EmailAuthenticatorOptions(Struct, kw_only=True):
    enable_sign_in: bool = False
    enable_sign_up: bool = False
    enable_jit_provisioning: bool = False
    verification_type: VerificationType = "code"
    allow_cross_browser: bool = False
    expiry: SecondsLong = 600
    code_length: CodeLength = 6


class PhoneAuthenticatorOptions(Struct, kw_only=True):
    enable_sign_in: bool = False
    enable_sign_up: bool = False
    enable_jit_provisioning: bool = False
    expiry: SecondsLong = 600
    code_length: CodeLength = 6


class AuthenticatorOptions(Struct, kw_only=True):
    external_sign_in_methods_first: bool = False
    password: PasswordAuthenticatorOptions = msgspec.field(default_factory=PasswordAuthenticatorOptions)
    passkey: PasskeyAuthenticatorOptions = msgspec.field(default_factory=PasskeyAuthenticatorOptions)
    email: EmailAuthenticatorOptions = msgspec.field(default_factory=EmailAuthenticatorOptions)
    phone: PhoneAuthenticatorOptions = msgspec.field(default_factory=PhoneAuthenticatorOptions)


class EmailIdentifierVerificationOptions(Struct, kw_only=True):
    verify_at_sign_up: bool = True
    verification_type: VerificationType = "link"
    allow_cross_browser: bool = False
    expiry: SecondsLong = 86_400
    code_length: CodeLength = 6


class PhoneIdentifierVerificationOptions(Struct, kw_only=True):
    verify_at_sign_up: bool = True
    expiry: SecondsLong = 600
    code_length: CodeLength = 6


class EmailIdentifierOptions(Struct, kw_only=True):
    enable_sign_in: bool = True
    show_at_sign_up: bool = True
    required_at_sign_up: bool = False
    verification: EmailIdentifierVerificationOptions = msgspec.field(default_factory=EmailIdentifierVerificationOptions)


class PhoneIdentifierOptions(Struct, kw_only=True):
    enable_sign_in: bool = True
    show_at_sign_up: bool = True
    required_at_sign_up: bool = False
    verification: PhoneIdentifierVerificationOptions = msgspec.field(default_factory=PhoneIdentifierVerificationOptions)


class UsernameIdentifierOptions(Struct, kw_only=True):
    enable_sign_in: bool = True
    show_at_sign_up: bool = True
    required_at_sign_up: bool = False
    minimum_length: Length = 1


class IdentifierOptions(Struct, kw_only=True):
    email: EmailIdentifierOptions = msgspec.field(default_factory=EmailIdentifierOptions)
    phone: PhoneIdentifierOptions = msgspec.field(default_factory=PhoneIdentifierOptions)
    username: UsernameIdentifierOptions = msgspec.field(default_factory=UsernameIdentifierOptions)


class RecoveryMethodsEmailOptions(Struct, kw_only=True):
    enabled: bool = True
    verification_type: VerificationType = "link"
    allow_cross_browser: bool = False
    expiry: SecondsLong = 3_600
    code_length: CodeLength = 6


class RecoveryMethodsPhoneOptions(Struct, kw_only=True):
    enabled: bool = False
    expiry: SecondsLong = 600
    code_length: CodeLength = 6


class RecoveryMethodsOptions(Struct, kw_only=True):
    email: RecoveryMethodsEmailOptions = msgspec.field(default_factory=RecoveryMethodsEmailOptions)
    phone: RecoveryMethodsPhoneOptions = msgspec.field(default_factory=RecoveryMethodsPhoneOptions)


class SessionOptions(Struct, kw_only=True):
    persistence_mode: Literal["persistent", "non_persistent", "user_selected"] = "persistent"
    expiration_type: Literal["sliding", "absolute"] = "sliding"
    sliding_session_lifetime: MinutesLong = 10_080
    absolute_session_lifetime: MinutesLong = 43_200


class LogoutOptions(Struct, kw_only=True):
    automatic_redirect_after_logout: bool = False
    show_logout_prompt: bool = True


class SignUpRestrictionsOptions(Struct, kw_only=True):
    enabled: bool = False
    identifiers: list[Listed] = []


class SignUpOptions(Struct, kw_only=True):
    show_terms_and_privacy_policy: bool = False
    require_explicit_user_agreement: bool = False
    privacy_url: str | None = None
    terms_url: str | None = None
    allowlist: SignUpRestrictionsOptions = msgspec.field(default_factory=SignUpRestrictionsOptions)
    blocklist: SignUpRestrictionsOptions = msgspec.field(default_factory=SignUpRestrictionsOptions)


class AuthenticationOptions(Struct, kw_only=True):
    pushed_authorization: PushedAuthorizationOptions = msgspec.field(default_factory=PushedAuthorizationOptions)
    account_protection: AccountProtectionOptions = msgspec.field(default_factory=AccountProtectionOptions)
    authenticators: AuthenticatorOptions = msgspec.field(default_factory=AuthenticatorOptions)
    identifiers: IdentifierOptions = msgspec.field(default_factory=IdentifierOptions)
    recovery_methods: RecoveryMethodsOptions = msgspec.field(default_factory=RecoveryMethodsOptions)
    session: SessionOptions = msgspec.field(default_factory=SessionOptions)
    logout: LogoutOptions = msgspec.field(default_factory=LogoutOptions)
    sign_up: SignUpOptions = msgspec.field(default_factory=SignUpOptions)


class SignUpCustomField(Struct, kw_only=True):
    enabled: bool
    required: bool
    claim_name: str
    value_type: Literal["string", "email", "phone"]
    label: str


def show_custom_field(field: CustomField) -> SignUpCustomField:
    """A question of the sign-up form."""
    return SignUpCustomField(
        enabled=field.enabled,
        required=field.required,
        claim_name=field.name,
        value_type=field.type,
        label=field.label,
    )


def show_options(settings: SignInSettings) -> AuthenticationOptions:
    """Everything: what the core knows as it is there, the rest as it was sent."""
    options = msgspec.convert(settings.vendor.get(DIALECT, {}), AuthenticationOptions)
    _show_identifiers(options, settings)
    _show_password(options.authenticators.password, settings)
    _show_lockout(options.account_protection.user_lockout, settings)
    options.recovery_methods.email.expiry = max(settings.reset_lifetime // SECOND, 1)
    for shown, kept in ((options.sign_up.allowlist, settings.allowed), (options.sign_up.blocklist, settings.blocked)):
        shown.enabled, shown.identifiers = kept.enabled, kept.values
    return options


def take_options(settings: SignInSettings, options: AuthenticationOptions) -> SignInSettings:
    """The settings that these options stand for."""
    identifiers, password = options.identifiers, options.authenticators.password
    lockout, lists = options.account_protection.user_lockout, options.sign_up
    mode = password.reuse.restriction_mode
    return replace(
        settings,
        email=_rule(identifiers.email),
        phone=_rule(identifiers.phone),
        username=_rule(identifiers.username),
        shortest_username=identifiers.username.minimum_length,
        verification_lifetime=identifiers.email.verification.expiry * SECOND,
        reset_lifetime=options.recovery_methods.email.expiry * SECOND,
        password=replace(
            settings.password,
            least=password.strength.minimum_length,
            kinds=[kind for kind, member in KINDS.items() if getattr(password.strength, member)],
            distinct=password.strength.required_unique_characters_count,
            not_last=password.reuse.restriction_count if mode in ("count", "date_and_count") else None,
            not_within=password.reuse.restriction_period * MINUTE if mode in ("date", "date_and_count") else None,
            expires_after=None if password.expiry is None else password.expiry * DAY,
        ),
        lockout=replace(
            settings.lockout,
            enabled=lockout.enabled,
            closes="account" if lockout.lockout_type == "user_account" else "address",
            failures=lockout.max_failed_access_attempts,
            account_lock=lockout.user_lockout_time_span * MINUTE,
            address_block=lockout.ip_lockout_time_span * MINUTE,
            never_blocked=lockout.allowed_ips,
        ),
        allowed=Restriction(enabled=lists.allowlist.enabled, values=lists.allowlist.identifiers),
        blocked=Restriction(enabled=lists.blocklist.enabled, values=lists.blocklist.identifiers),
        vendor={**settings.vendor, DIALECT: msgspec.to_builtins(options)},
    )


def merged(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A patch laid over a document, at every depth. Null is a value: what it stands for is decided by the member."""
    result = dict(document)
    for name, value in patch.items():
        inner = result.get(name)
        result[name] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result


KINDS: Final[dict[Kind, str]] = {
    "special": "require_non_alphanumeric_character",
    "digit": "require_digit",
    "lower": "require_lowercase_character",
    "upper": "require_uppercase_character",
}


def _rule(options: EmailIdentifierOptions | PhoneIdentifierOptions | UsernameIdentifierOptions) -> IdentifierRule:
    return IdentifierRule(
        sign_in=options.enable_sign_in,
        shown_at_sign_up=options.show_at_sign_up,
        required_at_sign_up=options.required_at_sign_up,
    )


def _show_identifiers(options: AuthenticationOptions, settings: SignInSettings) -> None:
    identifiers = options.identifiers
    for shown, rule in (
        (identifiers.email, settings.email),
        (identifiers.phone, settings.phone),
        (identifiers.username, settings.username),
    ):
        shown.enable_sign_in = rule.sign_in
        shown.show_at_sign_up = rule.shown_at_sign_up
        shown.required_at_sign_up = rule.required_at_sign_up
    identifiers.username.minimum_length = settings.shortest_username
    identifiers.email.verification.expiry = max(settings.verification_lifetime // SECOND, 1)


def _show_password(shown: PasswordAuthenticatorOptions, settings: SignInSettings) -> None:
    rules = settings.password
    shown.expiry = None if rules.expires_after is None else max(rules.expires_after // DAY, 1)
    shown.strength.minimum_length = rules.least
    shown.strength.required_unique_characters_count = rules.distinct
    for kind, member in KINDS.items():
        setattr(shown.strength, member, kind in rules.kinds)
    modes: dict[tuple[bool, bool], Literal["off", "date", "count", "date_and_count"]] = {
        (False, False): "off",
        (True, False): "count",
        (False, True): "date",
        (True, True): "date_and_count",
    }
    shown.reuse.restriction_mode = modes[rules.not_last is not None, rules.not_within is not None]
    if rules.not_last is not None:
        shown.reuse.restriction_count = rules.not_last
    if rules.not_within is not None:
        shown.reuse.restriction_period = max(rules.not_within // MINUTE, 1)


def _show_lockout(shown: AccountProtectionUserLockoutOptions, settings: SignInSettings) -> None:
    rules = settings.lockout
    shown.enabled = rules.enabled
    shown.lockout_type = "user_account" if rules.closes == "account" else "ip"
    shown.max_failed_access_attempts = rules.failures
    shown.user_lockout_time_span = max(rules.account_lock // MINUTE, 1)
    shown.ip_lockout_time_span = max(rules.address_block // MINUTE, 1)
    shown.allowed_ips = rules.never_blocked
