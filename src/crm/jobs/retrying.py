"""When a failed job runs again: decided by the kind of error, never by its text."""

from __future__ import annotations

from datetime import datetime, timedelta

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from crm.kit import clock
from crm.kit.errors import Disconnected, NotConfigured, Refused, Unavailable

UNAVAILABLE_ATTEMPTS_MAX = 60  # at an hour each this is two and a half days
DEFECT_ATTEMPTS_MAX = 5
SECONDS_MAX = 3600.0


def next_run_at(error: BaseException, attempts: int, now: datetime) -> datetime | None:
    """None: never by itself; the job is kept as failed, where a person sees it and can run it again.

    `attempts` counts the runs before this one, from 0.
    """
    if isinstance(error, Refused | Disconnected | NotConfigured):
        return None
    if isinstance(error, Unavailable):
        if attempts >= UNAVAILABLE_ATTEMPTS_MAX:
            return None
        if error.retry_after_seconds is not None:
            return now + timedelta(seconds=error.retry_after_seconds)
    elif attempts >= DEFECT_ATTEMPTS_MAX:
        return None
    return now + timedelta(seconds=min(SECONDS_MAX, 2.0 ** (attempts + 1)))


class ByKindOfError(BaseRetryStrategy):
    """`next_run_at` in the form the queue asks for."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        moment = next_run_at(exception, job.attempts, clock.now())
        return None if moment is None else RetryDecision(retry_at=moment)
