"""Tokens that providers gave for a user: sealed for their link, and refreshed when somebody asks for them."""

from typing import Final

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.errors import NotFound
from muster.core.events import Context
from muster.core.external.actions import ARRIVING, keep_tokens
from muster.core.external.model import Tokens, decode_tokens, encode_tokens, failed
from muster.core.external.providers import ExternalProviders
from muster.core.security import SecretBox
from muster.core.transaction import TransactionRunner
from muster.core.users.model import User
from muster.core.users.sealed import tokens_purpose

FRESH_FOR: Final = 60_000
"""Milliseconds that a token must still be good for, or it is refreshed."""


class UpstreamTokens:
    """The tokens of users' links, on the providers that renew them."""

    def __init__(self, runner: TransactionRunner, providers: ExternalProviders, secrets: SecretBox) -> None:
        self._runner = runner
        self._providers = providers
        self._secrets = secrets

    async def fresh_token(self, tenant_id: int, user_id: str, link_id: str) -> Tokens:
        """The tokens of a user's link, refreshed if they are about to expire.

        `NotFound`: tokens, connection. `ExternalRefused("external_failed")`, with `why` no_refresh_token where there is none.
        """
        user = await self._runner.store.get(tenant_id, User, user_id)
        link = None if user is None else next((each for each in user.links if each.id == link_id), None)
        if link is None or link.tokens is None:
            raise NotFound("tokens")
        tokens = decode_tokens(self._secrets.open(link.tokens, purpose=tokens_purpose(link_id)))
        if tokens.expires_at is None or tokens.expires_at - FRESH_FOR > self._runner.clock.now():
            return tokens
        if tokens.refresh_token is None:
            raise failed("no_refresh_token")
        connection = await self._runner.store.get(tenant_id, Connection, link.connection_id)
        if connection is None or connection.provider is None:
            raise NotFound("connection")
        fresh = await self._providers.refresh(connection, tokens)
        if fresh.refresh_token is None:
            fresh = replace(fresh, refresh_token=tokens.refresh_token)
        sealed = self._secrets.seal(encode_tokens(fresh), purpose=tokens_purpose(link_id))
        await self._runner.run_from(Context(), tenant_id, ARRIVING, keep_tokens, user_id, link_id, link.tokens, sealed)
        return fresh
