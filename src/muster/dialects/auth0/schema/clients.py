"""Applications, which this API calls clients. What means nothing here is checked for its type and comes back as sent."""

from muster.dialects.auth0.schema import client_parts as parts
from muster.dialects.auth0.schema.listing import (
    FROM,
    INCLUDE_FIELDS,
    INCLUDE_TOTALS,
    PAGE,
    field_names,
    listed,
    per_page,
    take,
)
from muster.dialects.kit.fields import Field, Flag, Integer, List, Object, Text, described, nullable, optional

APP_TYPES = (
    "native",
    "spa",
    "regular_web",
    "non_interactive",
    "resource_server",
    "express_configuration",
    "rms",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "mscrm",
    "echosign",
    "egnyte",
    "newrelic",
    "office365",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "zendesk",
    "zoom",
    "sso_integration",
    "oag",
)

_MEMBERS: dict[str, Field] = {
    "name": Text("What the application is called; not < or >.", required=True, pattern=r"^[^<>]+$"),
    "description": Text("What the application is for, in at most 140 characters.", max=140),
    "logo_uri": Text("The address of a logo.", format="absolute-uri-or-empty"),
    "callbacks": List("Where a user may be sent back to after signing in.", items=Text(format="callback-url")),
    "oidc_logout": parts.OIDC_LOGOUT,
    "oidc_backchannel_logout": described(parts.OIDC_LOGOUT, "An older name of oidc_logout."),
    "session_transfer": parts.SESSION_TRANSFER,
    "allowed_origins": List("The origins that may call from a browser.", items=Text(format="url-with-placeholders")),
    "web_origins": List("The origins that may use silent authentication.", items=Text(format="url-with-placeholders")),
    "client_aliases": List("Other names of the application, for SAML and WS-Federation.", items=Text(min=1)),
    "allowed_clients": List("The applications and APIs that may act for this one.", items=Text(min=1)),
    "allowed_logout_urls": List(
        "Where a user may be sent to after signing out.", items=Text(format="url-with-placeholders")
    ),
    "grant_types": List("The grants (RFC 6749) that the application may use.", items=Text(min=1)),
    "token_endpoint_auth_method": Text(
        "How the application authenticates at the token endpoint.",
        one_of=("none", "client_secret_post", "client_secret_basic"),
    ),
    "is_token_endpoint_ip_header_trusted": Flag(
        "Whether the forwarded address of the token endpoint's caller is believed."
    ),
    "app_type": Text("The kind of application.", one_of=APP_TYPES),
    "is_first_party": Flag("Whether the application belongs to the tenant's owner."),
    "oidc_conformant": Flag("Whether the application follows OpenID Connect strictly."),
    "jwt_configuration": Object(
        "How tokens for the application are made.",
        members={
            "lifetime_in_seconds": Integer(),
            "secret_encoded": Flag(),
            "scopes": Object(),
            "alg": Text(one_of=("HS256", "RS256", "RS512", "PS256")),
        },
    ),
    "encryption_key": Object(
        "The key that WS-Federation answers are encrypted with.",
        nullable=True,
        members={"pub": Text(), "cert": Text(), "subject": Text()},
    ),
    "sso": Flag("Whether single sign-on is used."),
    "cross_origin_authentication": Flag("Whether a page of another origin may ask for a sign-in."),
    "cross_origin_loc": Text("Where the cross-origin check takes place.", format="url"),
    "sso_disabled": Flag("Whether single sign-on is off."),
    "custom_login_page_on": Flag("Whether the application has a sign-in page of its own."),
    "custom_login_page": Text("That page's content.", min=1),
    "custom_login_page_preview": Text("That page's content while it is being tried.", min=1),
    "form_template": Text("The form for WS-Federation.", min=1),
    "addons": parts.ADDONS,
    "client_metadata": Object("At most 10 texts that programs keep about the application.", max=10),
    "mobile": Object(
        "What is known of the application on mobile systems.",
        members={
            "android": Object(
                members={"app_package_name": Text(), "sha256_cert_fingerprints": List(items=Text(min=1), min=1)}
            ),
            "ios": Object(members={"team_id": Text(), "app_bundle_identifier": Text()}),
        },
    ),
    "initiate_login_uri": Text(
        "Where a sign-in that starts elsewhere is sent to.", format="absolute-https-uri-with-placeholders-or-empty"
    ),
    "native_social_login": Object(
        "The social providers whose native sign-in is taken.",
        closed=True,
        members={
            "apple": Object(closed=True, members={"enabled": Flag()}, min=1),
            "facebook": Object(closed=True, members={"enabled": Flag()}, min=1),
            "google": Object(closed=True, members={"enabled": Flag()}, min=1),
        },
        min=1,
    ),
    "fedcm_login": Object(
        "The providers that may sign in through the browser (FedCM).",
        closed=True,
        members={"google": Object(closed=True, members={"is_enabled": Flag()}, min=1)},
        min=1,
    ),
    "refresh_token": parts.REFRESH_TOKEN,
    "default_organization": Object(
        "The organization that is taken when none is named.",
        nullable=True,
        closed=True,
        members={
            "organization_id": Text(required=True, format="organization-id"),
            "flows": List(required=True, items=Text(one_of=("client_credentials",))),
        },
    ),
    "organization_usage": Text(
        "Whether users may, must or must not sign in to an organization.", one_of=("deny", "allow", "require")
    ),
    "organization_require_behavior": Text(
        "When a user is asked for the organization.", one_of=("no_prompt", "pre_login_prompt", "post_login_prompt")
    ),
    "organization_discovery_methods": List(
        "How a user finds the organization.", items=Text(one_of=("email", "organization_name")), min=1
    ),
    "client_authentication_methods": parts.AUTHENTICATION_METHODS,
    "require_pushed_authorization_requests": Flag("Whether authorization requests must be pushed (RFC 9126)."),
    "require_proof_of_possession": Flag("Whether tokens must be bound to a key (RFC 9449)."),
    "signed_request_object": parts.SIGNED_REQUESTS,
    "token_vault_privileged_access": parts.TOKEN_VAULT,
    "compliance_level": Text(
        "The security profile (FAPI) that the application keeps to.",
        nullable=True,
        one_of=("none", "fapi1_adv_pkj_par", "fapi1_adv_mtls_par", "fapi2_sp_pkj_mtls", "fapi2_sp_mtls_mtls"),
    ),
    "skip_non_verifiable_callback_uri_confirmation_prompt": Flag(
        "Whether the question before an unverifiable callback is left out."
    ),
    "token_exchange": Object(
        "The kinds of token exchange (RFC 8693) that are allowed.",
        closed=True,
        members={
            "allow_any_profile_of_type": List(
                items=Text(min=1, one_of=("custom_authentication", "on_behalf_of_token_exchange"))
            )
        },
    ),
    "par_request_expiry": Integer("For how many seconds a pushed request is good.", nullable=True, min=10, max=600),
    "token_quota": Object(
        "How many tokens the application may have.",
        closed=True,
        members={
            "client_credentials": Object(
                required=True,
                closed=True,
                members={
                    "enforce": Flag(),
                    "per_day": Integer(min=1, max=2147483647),
                    "per_hour": Integer(min=1, max=2147483647),
                },
                min=1,
            )
        },
    ),
    "resource_server_identifier": Text("The API that the application is part of.", min=1, max=600),
    "third_party_security_mode": Text(
        "How strictly an application of others is treated.", one_of=("strict", "permissive")
    ),
    "redirection_policy": Text(
        "When a user is sent back to the application after an error.",
        one_of=("allow_always", "open_redirect_protection"),
    ),
    "express_configuration": parts.EXPRESS,
    "my_organization_configuration": parts.MY_ORGANIZATION,
    "async_approval_notification_channels": List(
        "How a user is asked for an approval.", items=Text(one_of=("guardian-push", "email")), min=1
    ),
}

_NULLABLE_ON_UPDATE = frozenset(
    (
        "cross_origin_loc",
        "token_endpoint_auth_method",
        "token_quota",
        "native_social_login",
        "fedcm_login",
        "organization_usage",
        "organization_require_behavior",
        "organization_discovery_methods",
        "client_authentication_methods",
        "skip_non_verifiable_callback_uri_confirmation_prompt",
        "token_exchange",
        "express_configuration",
        "my_organization_configuration",
        "async_approval_notification_channels",
    )
)

# Credentials are made with the client and named by their ids afterwards.
_BY_ID: dict[str, Field] = {
    "client_authentication_methods": parts.AUTHENTICATION_METHODS_BY_ID,
    "signed_request_object": parts.SIGNED_REQUESTS_BY_ID,
    "token_vault_privileged_access": parts.TOKEN_VAULT_BY_ID,
}

# A name from before the document at hand; programs still send it.
_OLDER: dict[str, Field] = {"cross_origin_auth": Flag("An older name of cross_origin_authentication.")}

CREATE = Object(required=True, closed=True, members={**_MEMBERS, **_OLDER})

UPDATE = Object(
    required=True,
    closed=True,
    members={
        name: nullable(field) if name in _NULLABLE_ON_UPDATE else field
        for name, field in {**_MEMBERS, **_BY_ID, **_OLDER, "name": optional(_MEMBERS["name"])}.items()
        if name != "resource_server_identifier"
    }
    | {"client_secret": Text("A new secret of at least one character.", min=1)},
)

_SHOWN: dict[str, Field] = {
    "client_id": Text("The application's id."),
    "tenant": Text("The tenant's name."),
    "global": Flag("Whether the application is one of the server's own."),
    "client_secret": Text("The secret of the application."),
    "signing_keys": List(
        "The certificates that sign for the application.",
        nullable=True,
        items=Object(members={"pkcs7": Text(), "cert": Text(), "subject": Text()}),
    ),
    "external_metadata_type": Text(
        "The kind of document that describes the application elsewhere.", one_of=("cimd", "dcr")
    ),
    "external_metadata_created_by": Text("Who registered that document.", one_of=("admin", "client")),
    "external_client_id": Text("The address of that document.", format="absolute-https-uri-or-empty"),
    "jwks_uri": Text("Where the application publishes its keys (RFC 7517).", format="absolute-https-uri-or-empty"),
}

CLIENT = Object(
    members={**_SHOWN, **_MEMBERS, **_BY_ID, "name": optional(_MEMBERS["name"])}
    | {"oidc_backchannel_logout": parts.OIDC_LOGOUT}
)

CLIENTS_LIST = listed("clients", CLIENT, checkpoint=True)

_FIELDS: dict[str, Field] = {"fields": field_names(tuple(CLIENT.members)), "include_fields": INCLUDE_FIELDS}

PATH = Object(members={"id": Text("The client's id.", required=True, format="client-id")})

GET_QUERY = Object(closed=True, members=_FIELDS)

LIST_QUERY = Object(
    closed=True,
    members={
        **_FIELDS,
        "page": PAGE,
        "per_page": per_page(least=0),
        "include_totals": INCLUDE_TOTALS,
        "from": FROM,
        "take": take(),
        "is_global": Flag("Only the server's own applications, or only the others."),
        "is_first_party": Flag("Only applications of the tenant's owner, or only the others."),
        "app_type": Text("Only applications of these types, separated by commas."),
        "external_client_id": Text("Only the application that is described at this address.", min=1, max=120),
        "q": Text("A query about the organizations that an application's grants allow."),
    },
)
