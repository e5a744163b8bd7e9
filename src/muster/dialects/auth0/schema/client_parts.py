"""The nested settings of a client that mean nothing here: their types are checked and they come back as they were sent."""

from muster.dialects.kit.fields import Flag, Integer, List, Object, OneOf, Text

OIDC_LOGOUT = Object(
    "How sign-outs are told to the application's back end.",
    members={
        "backchannel_logout_urls": List(items=Text(format="absolute-https-uri-with-placeholders-or-empty")),
        "backchannel_logout_initiators": Object(
            members={
                "mode": Text(one_of=("custom", "all")),
                "selected_initiators": List(
                    items=Text(
                        one_of=(
                            "rp-logout",
                            "idp-logout",
                            "password-changed",
                            "session-expired",
                            "session-revoked",
                            "account-deleted",
                            "email-identifier-changed",
                            "mfa-phone-unenrolled",
                            "account-deactivated",
                        )
                    )
                ),
            }
        ),
        "backchannel_logout_session_metadata": Object(nullable=True, members={"include": Flag()}),
    },
)

SESSION_TRANSFER = Object(
    "How a native application may hand its session to a web one.",
    nullable=True,
    closed=True,
    members={
        "can_create_session_transfer_token": Flag(),
        "enforce_cascade_revocation": Flag(),
        "allowed_authentication_methods": List(nullable=True, items=Text(one_of=("cookie", "query"))),
        "enforce_device_binding": Text(one_of=("ip", "asn", "none")),
        "allow_refresh_token": Flag(),
        "enforce_online_refresh_tokens": Flag(),
        "delegation": Object(
            nullable=True,
            closed=True,
            members={"allow_delegated_access": Flag(), "enforce_device_binding": Text(one_of=("ip", "asn"))},
        ),
    },
)

ADDONS = Object(
    "Settings of products that sign in through this application.",
    closed=True,
    members={
        "aws": Object(
            members={"principal": Text(), "role": Text(), "lifetime_in_seconds": Integer(min=900, max=43200)}
        ),
        "azure_blob": Object(
            members={
                "accountName": Text(pattern=r"^([a-z0-9]){3,24}$"),
                "storageAccessKey": Text(pattern=r"^([A-Za-z0-9+/]){86}==$"),
                "containerName": Text(pattern=r"^([a-z0-9]){1}([a-z0-9-]){2,62}$"),
                "blobName": Text(pattern=r"^(.){1,1024}$"),
                "expiration": Integer(min=0),
                "signedIdentifier": Text(),
                "blob_read": Flag(),
                "blob_write": Flag(),
                "blob_delete": Flag(),
                "container_read": Flag(),
                "container_write": Flag(),
                "container_delete": Flag(),
                "container_list": Flag(),
            }
        ),
        "azure_sb": Object(
            members={
                "namespace": Text(),
                "sasKeyName": Text(),
                "sasKey": Text(),
                "entityPath": Text(),
                "expiration": Integer(),
            }
        ),
        "rms": Object(members={"url": Text(required=True, format="url")}),
        "mscrm": Object(members={"url": Text(required=True, format="url")}),
        "slack": Object(members={"team": Text(required=True)}),
        "sentry": Object(members={"org_slug": Text(), "base_url": Text()}),
        "box": Object(),
        "cloudbees": Object(),
        "concur": Object(),
        "dropbox": Object(),
        "echosign": Object(members={"domain": Text()}),
        "egnyte": Object(members={"domain": Text()}),
        "firebase": Object(
            members={
                "secret": Text(),
                "private_key_id": Text(),
                "private_key": Text(),
                "client_email": Text(),
                "lifetime_in_seconds": Integer(),
            }
        ),
        "newrelic": Object(members={"account": Text()}),
        "office365": Object(members={"domain": Text(), "connection": Text()}),
        "salesforce": Object(members={"entity_id": Text(format="url")}),
        "salesforce_api": Object(
            members={"clientid": Text(), "principal": Text(), "communityName": Text(), "community_url_section": Text()}
        ),
        "salesforce_sandbox_api": Object(
            members={"clientid": Text(), "principal": Text(), "communityName": Text(), "community_url_section": Text()}
        ),
        "samlp": Object(
            members={
                "mappings": Object(),
                "audience": Text(),
                "recipient": Text(),
                "createUpnClaim": Flag(),
                "mapUnknownClaimsAsIs": Flag(),
                "passthroughClaimsWithNoMapping": Flag(),
                "mapIdentities": Flag(),
                "signatureAlgorithm": Text(),
                "digestAlgorithm": Text(),
                "issuer": Text(),
                "destination": Text(),
                "lifetimeInSeconds": Integer(),
                "signResponse": Flag(),
                "nameIdentifierFormat": Text(),
                "nameIdentifierProbes": List(items=Text(min=1)),
                "authnContextClassRef": Text(),
            }
        ),
        "layer": Object(
            members={
                "providerId": Text(required=True),
                "keyId": Text(required=True),
                "privateKey": Text(required=True),
                "principal": Text(),
                "expiration": Integer(min=0),
            }
        ),
        "sap_api": Object(
            members={
                "clientid": Text(),
                "usernameAttribute": Text(),
                "tokenEndpointUrl": Text(format="url"),
                "scope": Text(),
                "servicePassword": Text(),
                "nameIdentifierFormat": Text(),
            }
        ),
        "sharepoint": Object(
            members={
                "url": Text(),
                "external_url": OneOf(
                    shapes=(
                        List(items=Text()),
                        Text(),
                    )
                ),
            }
        ),
        "springcm": Object(members={"acsurl": Text()}),
        "wams": Object(members={"masterkey": Text()}),
        "wsfed": Object(),
        "zendesk": Object(members={"accountName": Text()}),
        "zoom": Object(members={"account": Text()}),
        "sso_integration": Object(members={"name": Text(), "version": Text()}),
        "oag": Object(nullable=True, closed=True),
    },
)

REFRESH_TOKEN = Object(
    "How refresh tokens live and rotate.",
    nullable=True,
    closed=True,
    members={
        "rotation_type": Text(required=True, one_of=("rotating", "non-rotating")),
        "expiration_type": Text(required=True, one_of=("expiring", "non-expiring")),
        "leeway": Integer(min=0),
        "token_lifetime": Integer(min=1, max=157788000),
        "infinite_token_lifetime": Flag(),
        "idle_token_lifetime": Integer(min=1),
        "infinite_idle_token_lifetime": Flag(),
        "policies": List(
            nullable=True,
            items=Object(
                closed=True,
                members={
                    "audience": Text(required=True, min=1, max=600),
                    "scope": List(required=True, items=Text(min=1, max=280)),
                },
            ),
            min=1,
        ),
    },
)

AUTHENTICATION_METHODS = Object(
    "The keys and certificates that the application authenticates with.",
    closed=True,
    members={
        "private_key_jwt": Object(
            closed=True,
            members={
                "credentials": List(
                    required=True,
                    items=Object(
                        closed=True,
                        members={
                            "credential_type": Text(required=True, one_of=("public_key",)),
                            "name": Text(max=128),
                            "pem": Text(required=True),
                            "alg": Text(one_of=("RS256", "RS384", "PS256")),
                            "parse_expiry_from_cert": Flag(),
                            "expires_at": Text(format="date-time"),
                            "kid": Text(min=10, max=64, pattern=r"^([0-9a-zA-Z-_]{10,64})$"),
                        },
                    ),
                )
            },
        ),
        "tls_client_auth": Object(
            closed=True,
            members={
                "credentials": List(
                    required=True,
                    items=Object(
                        closed=True,
                        members={
                            "credential_type": Text(required=True, one_of=("cert_subject_dn",)),
                            "name": Text(max=128),
                            "subject_dn": Text(min=1, max=256),
                            "pem": Text(min=1, max=4096),
                        },
                    ),
                )
            },
        ),
        "self_signed_tls_client_auth": Object(
            closed=True,
            members={
                "credentials": List(
                    required=True,
                    items=Object(
                        closed=True,
                        members={
                            "credential_type": Text(required=True, one_of=("x509_cert",)),
                            "name": Text(max=128),
                            "pem": Text(required=True, min=1, max=4096),
                        },
                    ),
                )
            },
        ),
    },
    min=1,
    max=1,
)

SIGNED_REQUESTS = Object(
    "Whether and how authorization requests are signed (RFC 9101).",
    closed=True,
    members={
        "required": Flag(),
        "credentials": List(
            items=Object(
                closed=True,
                members={
                    "credential_type": Text(required=True, one_of=("public_key",)),
                    "name": Text(max=128),
                    "pem": Text(required=True),
                    "alg": Text(one_of=("RS256", "RS384", "PS256")),
                    "parse_expiry_from_cert": Flag(),
                    "expires_at": Text(format="date-time"),
                    "kid": Text(min=10, max=64, pattern=r"^([0-9a-zA-Z-_]{10,64})$"),
                },
            )
        ),
    },
)

TOKEN_VAULT = Object(
    "Who may read the upstream tokens of users.",
    closed=True,
    members={
        "credentials": List(
            required=True,
            items=Object(
                closed=True,
                members={
                    "credential_type": Text(required=True, one_of=("public_key",)),
                    "name": Text(max=128),
                    "pem": Text(required=True),
                    "alg": Text(one_of=("RS256", "RS384", "PS256")),
                    "parse_expiry_from_cert": Flag(),
                    "expires_at": Text(format="date-time"),
                    "kid": Text(min=10, max=64, pattern=r"^([0-9a-zA-Z-_]{10,64})$"),
                },
            ),
        ),
        "ip_allowlist": List(
            items=OneOf(
                shapes=(
                    Text(format="ipv4"),
                    Text(format="ipv6"),
                    Text(format="cidr"),
                    Text(format="ipv6_cidr"),
                )
            )
        ),
    },
)

EXPRESS = Object(
    "Settings of connections that customers make themselves.",
    closed=True,
    members={
        "initiate_login_uri_template": Text(required=True, format="ec-initiate-login-uri-template-url"),
        "user_attribute_profile_id": Text(required=True, format="user-attribute-profile-id"),
        "connection_profile_id": Text(required=True, format="connection-profile-id"),
        "enable_client": Flag(required=True),
        "enable_organization": Flag(required=True),
        "linked_clients": List(
            items=Object(closed=True, members={"client_id": Text(required=True, format="client-id")})
        ),
        "okta_oin_client_id": Text(required=True, format="client-id"),
        "admin_login_domain": Text(required=True, min=1),
        "oin_submission_id": Text(min=1, max=200),
    },
)

MY_ORGANIZATION = Object(
    "What an organization's own administrators may do.",
    closed=True,
    members={
        "connection_profile_id": Text(format="connection-profile-id"),
        "user_attribute_profile_id": Text(format="user-attribute-profile-id"),
        "allowed_strategies": List(
            required=True, items=Text(one_of=("pingfederate", "adfs", "waad", "google-apps", "okta", "oidc", "samlp"))
        ),
        "connection_deletion_behavior": Text(required=True, one_of=("allow", "allow_if_empty")),
        "invitation_landing_client_id": Text(format="client-id"),
    },
)

AUTHENTICATION_METHODS_BY_ID = Object(
    "The keys and certificates that the application authenticates with.",
    nullable=True,
    closed=True,
    members={
        "private_key_jwt": Object(
            closed=True,
            members={
                "credentials": List(
                    required=True,
                    items=Object(closed=True, members={"id": Text(required=True, format="credential-id")}),
                )
            },
        ),
        "tls_client_auth": Object(
            closed=True,
            members={
                "credentials": List(
                    required=True,
                    items=Object(closed=True, members={"id": Text(required=True, format="credential-id")}),
                )
            },
        ),
        "self_signed_tls_client_auth": Object(
            closed=True,
            members={
                "credentials": List(
                    required=True,
                    items=Object(closed=True, members={"id": Text(required=True, format="credential-id")}),
                )
            },
        ),
    },
    min=1,
    max=1,
)

SIGNED_REQUESTS_BY_ID = Object(
    "Whether and how authorization requests are signed (RFC 9101).",
    closed=True,
    members={
        "required": Flag(),
        "credentials": List(items=Object(closed=True, members={"id": Text(required=True, format="credential-id")})),
    },
)

TOKEN_VAULT_BY_ID = Object(
    "Who may read the upstream tokens of users.",
    closed=True,
    members={
        "credentials": List(
            required=True, items=Object(closed=True, members={"id": Text(required=True, format="credential-id")})
        ),
        "ip_allowlist": List(
            items=OneOf(
                shapes=(
                    Text(format="ipv4"),
                    Text(format="ipv6"),
                    Text(format="cidr"),
                    Text(format="ipv6_cidr"),
                )
            )
        ),
    },
)
