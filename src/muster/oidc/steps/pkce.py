"""Proof Key for Code Exchange, RFC 7636; `plain` is refused as RFC 9700 section 2.1.1 has it."""

import re
from typing import Final

from muster.oidc.errors import OAuthError
from muster.oidc.request import Asking

METHODS: Final = ("S256",)

_S256: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 in base64url without padding."""


def challenge_is_sha256(asking: Asking) -> None:
    """A challenge that is the verifier itself protects nothing, and a method left out means just that (section 4.3)."""
    challenge = asking.parameters.get("code_challenge")
    method = asking.parameters.get("code_challenge_method")
    if not challenge and not method:
        return
    if not challenge:
        raise OAuthError("invalid_request", "The parameter code_challenge is missing.")
    if method not in METHODS:
        raise OAuthError("invalid_request", "The only code_challenge_method is S256.")
    if not _S256.fullmatch(challenge):
        raise OAuthError("invalid_request", "The code_challenge is not a SHA-256 in base64url.")


def challenge_is_there_if_needed(asking: Asking) -> None:
    """Who has no secret needs the proof (RFC 8252 section 8.1), and so does who was registered to."""
    needed = asking.app.require_pkce or asking.app.authentication == "none"
    if needed and not asking.parameters.get("code_challenge"):
        raise OAuthError("invalid_request", "The application must send a code_challenge (RFC 7636).")
