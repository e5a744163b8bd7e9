"""Codes and links that are sent: as a first factor, as a second one, and to prove an address.

As a first factor they go only to an address that was proved before: whoever wrote another's address into an account must not be
given its owner, nor its owner the account. Where there is nobody to send one to, everything else happens all the same.
"""

from typing import Final, Literal, NoReturn

from msgspec.structs import replace

from muster.core.credentials.attempts import (
    Attempt,
    CredentialRefused,
    accept,
    need_user,
    refuse_if_barred,
    refuse_if_suspended,
    refuse_wrong,
    the_user,
)
from muster.core.credentials.checks import Then
from muster.core.credentials.lockout import bar
from muster.core.credentials.second_factors import must_prove_second_factor, the_factor, used
from muster.core.credentials.sent_codes import (
    MOST_TRIES,
    count_asking,
    count_sending,
    is_code,
    must_wait,
    new_code,
    on_its_way,
    to_nobody,
    tried,
)
from muster.core.errors import NotAllowed
from muster.core.ids import random_text
from muster.core.sessions.model import Method
from muster.core.sessions.tokens import opens
from muster.core.sign_in.methods import EMAIL_CODE, EMAIL_LINK, SMS_CODE
from muster.core.sign_in.model import SentCode, SignInAttempt
from muster.core.sign_in.next import unproved
from muster.core.sign_in.proved import proved
from muster.core.sign_in.turn import Turn
from muster.core.sign_in.ways import first_factors, second_factors, target_of
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users.identifiers import LISTS
from muster.core.users.model import Address, User, Verification
from muster.core.users.saving import event_kind

Channel = Literal["email", "sms"]

LINK_PATH: Final = "/sign-in/link?ticket="

_ATTEMPT_ID: Final = 32
_LINK_LENGTH: Final = 32
"""Letters and digits: 190 bits."""


def attempt_of_link(text: str) -> str:
    """The id of the attempt that a link's text is about; of an attempt that nobody has when it is no such text."""
    return text[:_ATTEMPT_ID]


# ------------------------------------------------------------------------------------------------------ first factor


async def send_code(turn: Turn) -> None:
    """`channel`: email or sms. `TooMany`: code_sent, too_many_sent."""
    channel: Channel = "sms" if turn.given.get("channel") == "sms" else "email"
    offered = first_factors(turn.attempt, turn.facts)
    with_code = (EMAIL_CODE if channel == "email" else SMS_CODE) in offered
    with_link = channel == "email" and EMAIL_LINK in offered
    # Both must hold: it is offered, and what was typed is such an address.
    if turn.name.kind != ("email" if channel == "email" else "phone") or not (with_code or with_link):
        raise NotAllowed("factor_not_offered")
    proof = turn.first_proof()
    kind = "sign_in_code" if with_code else "sign_in_link"

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        must_wait(attempt.sent, tx.now)
        await count_sending(tx, turn.name.value)
        await count_asking(tx)
        user = await the_user(tx, proof)
        address = None if user is None else _proved_address(user, turn)
        is_closed = user is None or bar(user.activity, turn.context.ip, tx.now) is not None
        if user is None or address is None or is_closed:
            # As much is written, and nothing comes of it: a message without an address is thrown away.
            tx.send(kind, "", channel=channel)
            tx.note("sign_in.code_asked_by_nobody")
            tx.save(replace(attempt, sent=to_nobody(channel, turn.name.value, tx.now)))
            return
        code = new_code()
        link = attempt.id + random_text(_LINK_LENGTH) if with_link else ""
        kept = code if with_code else random_text(_LINK_LENGTH)
        texts = {**({"code": code} if with_code else {}), **({"path": LINK_PATH + link} if link else {})}
        tx.send(kind, address.value, user_id=user.id, channel=channel, **texts)
        tx.note("sign_in.code_sent", user_id=user.id, channel=channel)
        sent = on_its_way(channel, address.value, kept, tx.now, link=link, address_id=address.id)
        tx.save(replace(attempt, sent=sent))

    await turn.run(act)


async def code(turn: Turn) -> None:
    """`code`, as it was sent. `CredentialRefused`: wrong_code; code_over when it came too late or was tried too often."""
    proof = turn.first_proof()

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        sent, right = _try_code(tx, attempt, turn)
        user = await need_user(tx, proof, "wrong_code")
        refuse_if_barred(tx, proof, user)
        address = _proved_address(user, turn)
        if not right or address is None or address.id != sent.address_id:
            refuse_wrong(tx, proof, user, "wrong_code", "sign_in.wrong_code")
        await _let_in(tx, attempt, proof, user, EMAIL_CODE if sent.channel == "email" else SMS_CODE)

    await turn.run(act)


async def link(turn: Turn) -> None:
    """`link`: the text of a link that was sent to this very browser's attempt. `CredentialRefused`: wrong_link, code_over."""
    proof = turn.first_proof()

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        sent = attempt.sent
        if sent is None or not opens(turn.given.get("link", ""), sent.link_hash):
            raise CredentialRefused("wrong_link")
        if sent.expires_at <= tx.now:
            raise CredentialRefused("code_over")
        user = await need_user(tx, proof, "wrong_link")
        refuse_if_barred(tx, proof, user)
        address = _proved_address(user, turn)
        if address is None or address.id != sent.address_id:
            raise CredentialRefused("wrong_link")
        await _let_in(tx, attempt, proof, user, EMAIL_LINK)

    await turn.run(act)


async def _let_in(tx: Transaction, attempt: SignInAttempt, proof: Attempt, user: User, name: str) -> None:
    refuse_if_suspended(tx, proof, user)
    after = accept(tx, proof, user, forgive=not must_prove_second_factor(user))
    await proved(tx, attempt, after, Method(name=name, at=tx.now))


def _proved_address(user: User, turn: Turn) -> Address | None:
    """The user's own address that was typed, if it was ever proved. Names of a merged home account get no codes."""
    kind, value = turn.name.kind, turn.name.value
    addresses: list[Address] = getattr(user, LISTS[kind]) if kind in LISTS else []
    mine = (address for address in addresses if address.value == value and address.verified)
    return next(mine, None) if user.realm == turn.name.realm else None


# ----------------------------------------------------------------------------------------------------- second factor


async def send_second(turn: Turn) -> None:
    """`factor_id`: a second factor of kind phone or email. `TooMany`: code_sent, too_many_sent."""
    factor_id = turn.given.get("factor_id", "")
    offered = second_factors(turn.attempt, turn.facts)
    if all(offer.factor_id != factor_id or offer.kind == "totp" for offer in offered) or not factor_id:
        raise NotAllowed("factor_not_offered")
    factor = the_factor(turn.user, factor_id)
    to = target_of(factor, turn.facts)
    if to is None:
        raise NotAllowed("factor_not_offered")
    await turn.run(_send_to_known, turn, "email" if factor.kind == "email" else "sms", to, factor_id, "second_factor")


async def second_code(turn: Turn, kind: str, then: Then) -> None:
    """The code of a second factor that was sent; what follows when it is right."""
    proof = turn.second_proof()

    async def act(tx: Transaction) -> None:
        sent, right = _try_code(tx, await turn.now(tx), turn)
        user = await need_user(tx, proof, "wrong_code")
        refuse_if_barred(tx, proof, user)
        factor = next((each for each in user.factors if each.id == sent.address_id and each.confirmed), None)
        if not right or factor is None or factor.kind != kind:
            refuse_wrong(tx, proof, user, "wrong_code", "factor.failed")
        refuse_if_suspended(tx, proof, user)
        after = tx.save(used(accept(tx, proof, user, forgive=True), factor.id, None, tx.now))
        tx.note("factor.passed", user_id=user.id, factor=kind)
        await then(tx, after)

    await turn.run(act)


# --------------------------------------------------------------------------------------------------- proving an address


async def send_verification(turn: Turn) -> None:
    """`address_id`: one of the addresses of which one must be proved. `TooMany`: code_sent, too_many_sent."""
    wanted = turn.given.get("address_id", "")
    found = next(((kind, each) for kind, each in unproved(turn.user, turn.facts) if each.id == wanted), None)
    if found is None:
        raise NotAllowed("address_not_offered")
    kind, address = found
    await turn.run(_send_to_known, turn, "email" if kind == "email" else "sms", address.value, address.id, "verify")


async def verify(turn: Turn) -> None:
    """`code`: the one that was sent to the address, which is proved by it."""
    proof = turn.second_proof()

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        sent, right = _try_code(tx, attempt, turn)
        user = await need_user(tx, proof, "wrong_code")
        refuse_if_barred(tx, proof, user)
        kind: Literal["email", "phone"] = "email" if sent.channel == "email" else "phone"
        address = next((each for each in getattr(user, LISTS[kind]) if each.id == sent.address_id), None)
        if not right or address is None or address.value != sent.to:
            refuse_wrong(tx, proof, user, "wrong_code", "sign_in.wrong_code")
        refuse_if_suspended(tx, proof, user)
        after = accept(tx, proof, user, forgive=True)
        by = Verification(method="code")
        tx.save(identifiers.set_verified(after, kind, address.id, tx.now, verified=True, by=by))
        tx.note(event_kind(user, "updated"), user_id=user.id)
        tx.save(replace(attempt, sent=None))

    await turn.run(act)


# ------------------------------------------------------------------------------------------------------------ for all


async def _send_to_known(
    tx: Transaction, turn: Turn, channel: Channel, to: str, target_id: str, purpose: Literal["second_factor", "verify"]
) -> None:
    attempt = await turn.now(tx)
    must_wait(attempt.sent, tx.now)
    await count_sending(tx, to)
    await count_asking(tx)
    text = new_code()
    tx.send("verification_code", to, user_id=turn.user.id, channel=channel, code=text, purpose=purpose)
    tx.note("sign_in.code_sent", user_id=turn.user.id, channel=channel)
    tx.save(replace(attempt, sent=on_its_way(channel, to, text, tx.now, address_id=target_id)))


def _try_code(tx: Transaction, attempt: SignInAttempt, turn: Turn) -> tuple[SentCode, bool]:
    """What was sent, and whether this is it. A wrong one is counted on the attempt, whatever else comes of it."""
    sent = attempt.sent
    if sent is None or sent.expires_at <= tx.now or sent.tries >= MOST_TRIES:
        _refuse_over()
    right = is_code(sent, turn.given.get("code", ""), tx.now)
    if not right:
        tx.even_if_refused(replace(attempt, sent=tried(sent)))
    return sent, right


def _refuse_over() -> NoReturn:
    raise CredentialRefused("code_over")
