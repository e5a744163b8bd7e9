"""Other ways to sign in than a password: passkeys, and identities elsewhere. They can only be taken away here."""

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound
from muster.core.transaction import Transaction
from muster.core.users import flags
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty
from muster.dialects.kit.routes import Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.problems import KeyProblem
from muster.dialects.monocloud.resources.one_user import read_user, services_of, user_reply, with_user
from muster.dialects.monocloud.schema.users import ExternalAuthenticatorDisconnectRequest
from muster.dialects.monocloud.validation import body_of
from muster.dialects.monocloud.wire.users import User as ShownUser
from muster.dialects.monocloud.wire.users import external_links, kind_of


async def remove_passkey(call: Call) -> Reply:
    """A passkey signs in no more."""
    await with_user(call, _remove_passkey, call.path["passkey_id"])
    return empty()


async def _remove_passkey(tx: Transaction, user: User, credential_id: str) -> User:
    for passkey in user.passkeys:
        if passkey.credential_id == credential_id:
            return await flags.remove_passkey(tx, user, passkey.id)
    raise NotFound("passkey")


async def disconnect(call: Call) -> Reply:
    """An identity elsewhere is forgotten; it is found by its provider's name, else by the provider's kind."""
    body = body_of(call, ExternalAuthenticatorDisconnectRequest)
    named = body.provider or body.authenticator
    if not named:
        raise KeyProblem({"provider": ["The provider field is required."]})
    connections = await services_of(call).connections.of(call.tenant_id, [await read_user(call)])
    user = await with_user(call, _disconnect, named, body.provider_user_id, connections)
    return await user_reply(call, user)


async def _disconnect(tx: Transaction, user: User, named: str, subject: str, connections: dict[str, str]) -> User:
    links = [link for link in external_links(user) if link.subject == subject]
    by_name = [link for link in links if connections.get(link.connection_id) == named]
    for link in by_name or [link for link in links if kind_of(link) == named]:
        return await flags.drop_link(tx, user, link.id)
    raise NotFound("link")


ROUTES = [
    Route(
        "DELETE",
        "/users/{user_id}/passkeys/{passkey_id}",
        remove_passkey,
        needs=(May.FACTORS_WRITE, May.FACTORS_CLEAR),
        title="removePasskey",
        about=Operation(status=204),
    ),
    Route(
        "POST",
        "/users/{user_id}/external_authenticator/disconnect",
        disconnect,
        needs=(May.USERS_UPDATE,),
        title="externalAuthenticatorDisconnect",
        about=Operation(body=ExternalAuthenticatorDisconnectRequest, answer=ShownUser),
    ),
]
