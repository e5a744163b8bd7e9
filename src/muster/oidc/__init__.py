"""The OpenID provider: OAuth 2.0 (RFC 6749) and OpenID Connect Core over the core's sessions and grants."""
