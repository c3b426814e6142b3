"""Copies of rows with some columns changed, for worlds that the API would take too long to make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import psycopg


def copy_row(
    connection: psycopg.Connection[Any], table: str, where: str, changes: Mapping[str, Any], *values: Any
) -> None:
    """Inserts the row of `table` found by `where` (with `values`) once more, changed; what the database computes it
    computes anew."""
    row = connection.execute(
        "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
        [table],
    ).fetchone()
    assert row is not None
    connection.execute(
        f"INSERT INTO {table} ({row[0]}) SELECT {row[0]} FROM "
        f"(SELECT (jsonb_populate_record(r, %s::jsonb)).* FROM {table} r WHERE {where}) AS changed",
        [json.dumps(changes), *values],
    )
