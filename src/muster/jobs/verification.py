"""Asks a person by mail to prove an address."""

from msgspec.structs import replace

from muster.core.errors import NotFound
from muster.core.ids import UserId
from muster.core.jobs.model import Job
from muster.core.jobs.work import Claim, JobFailed
from muster.core.tickets import verification
from muster.core.transaction import Transaction
from muster.core.users import actions


async def send_verification(claim: Claim) -> None:
    """The work `verification_email`: the message is in the outbox when the job says that it is done."""
    if claim.job.done:
        return
    try:
        await claim.commit(_send)
    except NotFound:
        raise JobFailed("The user does not exist.") from None


async def _send(tx: Transaction, job: Job) -> Job:
    await verification.send_verification(tx, await actions.find_user(tx, UserId(job.asked["user"])))
    return replace(job, done=1, total=1)
