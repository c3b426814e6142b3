"""Times as answers show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


# The database may answer in its own zone; JSON always says UTC with a Z.
Moment = Annotated[datetime, AfterValidator(_in_utc)]
