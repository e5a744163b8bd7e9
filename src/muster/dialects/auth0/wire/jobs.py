"""Jobs on the wire."""

from typing import Any

from muster.core.jobs.model import Job
from muster.dialects.auth0.wire.connections import PREFIX as CONNECTION_PREFIX
from muster.dialects.auth0.wire.times import show_time

PREFIX = "job_"

Document = dict[str, Any]


def show_job_id(job: Job) -> str:
    """The id as it is shown."""
    return PREFIX + job.id


def parse_job_id(text: str) -> str:
    """The core's id of a shown one; the empty text, which names nothing, for what has not its form."""
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) else ""


def show_job(job: Job, now: int, location: str | None = None) -> Document:
    """The job as it is answered; one that was cancelled has failed, since this API knows no other end."""
    shown: Document = {"type": job.kind, "status": "failed" if job.state == "cancelled" else job.state}
    if job.realm is not None:
        shown["connection_id"] = CONNECTION_PREFIX + job.realm
    if job.kind == "users_export":
        shown |= job.asked
    if job.state == "processing":
        shown |= _progress(job, now)
    if job.problem:
        shown["status_details"] = job.problem
    if job.kind == "users_import" and not job.active:
        shown["summary"] = {
            "failed": job.failed,
            "updated": job.updated,
            "inserted": job.inserted,
            "total": job.failed + job.updated + job.inserted,
        }
    if location is not None:
        shown["location"] = location
    if job.realm_name is not None:
        shown["connection"] = job.realm_name
    if job.external_id:
        shown["external_id"] = job.external_id
    shown["created_at"] = show_time(job.created_at)
    shown["id"] = show_job_id(job)
    return shown


def _progress(job: Job, now: int) -> Document:
    if not job.total:
        return {"percentage_done": 0}
    shown: Document = {"percentage_done": min(99, 100 * job.done // job.total)}
    if job.done and job.started_at is not None:
        left = (now - job.started_at) * (job.total - job.done) / job.done
        shown["time_left_seconds"] = max(0, round(left / 1000))
    return shown
