"""The settings of connections, as far as the contract names them; the rest is taken and kept as sent."""

from muster.dialects.kit.fields import Flag, Integer, List, Number, Object, OneOf, Text

OPTIONS = Object(
    "The settings of the strategy.",
    members={
        "validation": Object(
            nullable=True,
            closed=True,
            members={
                "username": Object(
                    nullable=True,
                    closed=True,
                    members={"min": Integer(required=True, min=1), "max": Integer(required=True, max=128)},
                )
            },
        ),
        "non_persistent_attrs": List(nullable=True, items=Text()),
        "precedence": List(items=Text(one_of=("email", "phone_number", "username")), min=3),
        "attributes": Object(
            closed=True,
            members={
                "email": Object(
                    closed=True,
                    members={
                        "identifier": Object(
                            closed=True,
                            members={"active": Flag(), "default_method": Text(one_of=("password", "email_otp"))},
                        ),
                        "unique": Flag(),
                        "profile_required": Flag(),
                        "verification_method": Text(one_of=("link", "otp")),
                        "signup": Object(
                            closed=True,
                            members={
                                "status": Text(one_of=("required", "optional", "inactive")),
                                "verification": Object(closed=True, members={"active": Flag()}),
                            },
                        ),
                    },
                ),
                "phone_number": Object(
                    closed=True,
                    members={
                        "identifier": Object(
                            closed=True,
                            members={"active": Flag(), "default_method": Text(one_of=("password", "phone_otp"))},
                        ),
                        "profile_required": Flag(),
                        "signup": Object(
                            closed=True,
                            members={
                                "status": Text(one_of=("required", "optional", "inactive")),
                                "verification": Object(closed=True, members={"active": Flag()}),
                            },
                        ),
                    },
                ),
                "username": Object(
                    closed=True,
                    members={
                        "identifier": Object(closed=True, members={"active": Flag()}),
                        "profile_required": Flag(),
                        "signup": Object(
                            closed=True, members={"status": Text(one_of=("required", "optional", "inactive"))}
                        ),
                        "validation": Object(
                            closed=True,
                            members={
                                "min_length": Number(),
                                "max_length": Number(),
                                "allowed_types": Object(closed=True, members={"email": Flag(), "phone_number": Flag()}),
                            },
                        ),
                    },
                ),
            },
            min=1,
        ),
        "enable_script_context": Flag(),
        "enabledDatabaseCustomization": Flag(),
        "import_mode": Flag(),
        "configuration": Object(nullable=True, values=Text(nullable=True)),
        "customScripts": Object(
            members={
                "login": Text(min=1),
                "get_user": Text(min=1),
                "delete": Text(min=1),
                "change_password": Text(min=1),
                "verify": Text(min=1),
                "create": Text(min=1),
                "change_username": Text(min=1),
                "change_email": Text(min=1),
                "change_phone_number": Text(min=1),
            }
        ),
        "authentication_methods": Object(
            nullable=True,
            closed=True,
            members={
                "password": Object(
                    closed=True,
                    members={
                        "enabled": Flag(),
                        "api_behavior": Text(one_of=("required", "optional")),
                        "signup_behavior": Text(one_of=("allow", "block")),
                    },
                ),
                "passkey": Object(closed=True, members={"enabled": Flag()}),
                "email_otp": Object(closed=True, members={"enabled": Flag()}),
                "phone_otp": Object(closed=True, members={"enabled": Flag()}),
            },
        ),
        "passkey_options": Object(
            nullable=True,
            closed=True,
            members={
                "challenge_ui": Text(one_of=("both", "autofill", "button")),
                "progressive_enrollment_enabled": Flag(),
                "local_enrollment_enabled": Flag(),
            },
        ),
        "passwordPolicy": Text(nullable=True, one_of=("none", "low", "fair", "good", "excellent")),
        "password_complexity_options": Object(
            nullable=True, closed=True, members={"min_length": Integer(min=1, max=128)}
        ),
        "password_history": Object(
            nullable=True, closed=True, members={"enable": Flag(required=True), "size": Integer(min=0, max=24)}
        ),
        "password_no_personal_info": Object(nullable=True, closed=True, members={"enable": Flag(required=True)}),
        "password_dictionary": Object(
            nullable=True, closed=True, members={"enable": Flag(required=True), "dictionary": List(items=Text(max=50))}
        ),
        "api_enable_users": Flag(),
        "api_enable_groups": Flag(),
        "basic_profile": Flag(),
        "ext_admin": Flag(),
        "ext_is_suspended": Flag(),
        "ext_agreed_terms": Flag(),
        "ext_groups": Flag(),
        "ext_assigned_plans": Flag(),
        "ext_profile": Flag(),
        "disable_self_service_change_password": Flag(),
        "upstream_params": Object(
            nullable=True,
            values=OneOf(
                shapes=(
                    Object(
                        closed=True,
                        members={
                            "alias": Text(
                                one_of=(
                                    "acr_values",
                                    "audience",
                                    "client_id",
                                    "display",
                                    "id_token_hint",
                                    "login_hint",
                                    "max_age",
                                    "prompt",
                                    "resource",
                                    "response_mode",
                                    "response_type",
                                    "ui_locales",
                                )
                            )
                        },
                    ),
                    Object(closed=True, members={"value": Text()}),
                )
            ),
        ),
        "set_user_root_attributes": Text(one_of=("on_each_login", "on_first_login", "never_on_login")),
        "gateway_authentication": Object(
            nullable=True,
            members={
                "method": Text(required=True),
                "subject": Text(),
                "audience": Text(required=True),
                "secret": Text(required=True),
                "secret_base64_encoded": Flag(),
            },
        ),
        "federated_connections_access_tokens": Object(nullable=True, closed=True, members={"active": Flag()}),
        "password_options": Object(
            closed=True,
            members={
                "complexity": Object(
                    closed=True,
                    members={
                        "min_length": Integer(min=1, max=72),
                        "character_types": List(items=Text(one_of=("uppercase", "lowercase", "number", "special"))),
                        "character_type_rule": Text(one_of=("all", "three_of_four")),
                        "identical_characters": Text(one_of=("allow", "block")),
                        "sequential_characters": Text(one_of=("allow", "block")),
                        "max_length_exceeded": Text(one_of=("truncate", "error")),
                    },
                ),
                "dictionary": Object(
                    closed=True,
                    members={
                        "active": Flag(),
                        "custom": List(items=Text(max=50)),
                        "default": Text(one_of=("en_10k", "en_100k")),
                    },
                ),
                "history": Object(closed=True, members={"active": Flag(), "size": Integer(min=1, max=24)}),
                "profile_data": Object(
                    closed=True, members={"active": Flag(), "blocked_fields": List(items=Text(max=100))}
                ),
            },
        ),
        "assertion_decryption_settings": Object(
            closed=True,
            members={
                "algorithm_profile": Text(required=True, one_of=("v2026-1",)),
                "algorithm_exceptions": List(items=Text(min=1, max=100)),
            },
        ),
        "id_token_signed_response_algs": List(
            nullable=True, items=Text(one_of=("ES256", "ES384", "PS256", "PS384", "RS256", "RS384", "RS512"))
        ),
        "dpop_signing_alg": Text(one_of=("ES256", "ES384", "ES512", "Ed25519")),
        "token_endpoint_auth_method": Text(nullable=True, one_of=("client_secret_post", "private_key_jwt")),
        "token_endpoint_auth_signing_alg": Text(
            nullable=True, one_of=("ES256", "ES384", "PS256", "PS384", "RS256", "RS384", "RS512")
        ),
        "token_endpoint_jwtca_aud_format": Text(one_of=("issuer", "token_endpoint")),
        "id_token_session_expiry_supported": Flag(),
    },
)
