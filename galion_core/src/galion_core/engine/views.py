"""A job as people and programs see it: the form of ``--json``, of events and of the SDK."""

from __future__ import annotations

from galion_core.errors import GalionError
from galion_core.jobs import Job, JobError
from galion_core.text import redact


def job_view(job: Job) -> dict[str, object]:
    """The job in JSON values, without secrets."""
    return {
        "id": job.id,
        "url": redact(job.url),
        "platform": job.platform,
        "status": job.status.value,
        "files": [
            {
                "path": each.path,
                "size": each.size,
                "sha256": each.sha256,
                "verified": each.verified,
            }
            for each in job.files
        ],
        "error": None if job.error is None else job.error.model_dump(mode="json"),
    }


def job_error(error: GalionError) -> JobError:
    """An error as a job keeps it."""
    return JobError.model_validate(error.as_dict())
