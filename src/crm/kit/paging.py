"""Collections a page at a time: newest first, by a cursor that stays right while rows are added."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from crm.kit.errors import Invalid

PAGE_SIZE_MAX = 200

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX, description="How many items to return at most.")]
Cursor = Annotated[str | None, Query(max_length=40, description="`next_cursor` of the page before.")]
# Rows that another system names have no number that grows: their cursor holds a moment and the name.
MomentCursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before.")]
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Items, and where the next page begins; null at the end."""

    items: list[T]
    next_cursor: str | None = None


def after(cursor: str | None) -> int | None:
    """The id that the page before ended with. Raises Invalid for a cursor that we did not make."""
    if cursor is None:
        return None
    try:
        (row_id,) = struct.unpack(">q", base64.urlsafe_b64decode(cursor + "="))
    except (ValueError, binascii.Error, struct.error):
        raise Invalid("This cursor is not one of ours; start from the first page.", field="cursor") from None
    return int(row_id)


def cursor_for(row_id: int) -> str:
    return base64.urlsafe_b64encode(struct.pack(">q", row_id)).decode().rstrip("=")


def cut(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], str | None]:
    """Splits `limit` + 1 fetched rows (with an `id`) into the page and the cursor of the next one."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor_for(rows[limit - 1].id)


def after_moment(cursor: str | None) -> tuple[datetime, str] | None:
    """The moment and name that the page before ended with. Raises Invalid for a cursor that we did not make."""
    if cursor is None:
        return None
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        microseconds, name = struct.unpack(">q", plain[:8])[0], plain[8:].decode()
        if not name or "\0" in name:
            raise ValueError("a row has a name")
        return _FIRST_MOMENT + microseconds * _MICROSECOND, name
    except (ValueError, OverflowError, struct.error):
        raise Invalid("This cursor is not one of ours; start from the first page.", field="cursor") from None


def cursor_for_moment(moment: datetime, name: str) -> str:
    plain = struct.pack(">q", (moment - _FIRST_MOMENT) // _MICROSECOND) + name.encode()
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def cut_by_moment(
    rows: Sequence[T], limit: int, key: Callable[[T], tuple[datetime, str]]
) -> tuple[Sequence[T], str | None]:
    """As `cut`, for rows in the order of `key`."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor_for_moment(*key(rows[limit - 1]))


def contains(column: Any, words: str) -> Any:
    """A condition: `words` stand in `column`, upper and lower case alike, % and _ as themselves."""
    return column.icontains(words, autoescape=True)
