"""How rows are locked: so that nobody who only refers to a row waits for who changes it."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "crm"
TOO_STRONG = re.compile(r"(?<!NO KEY )FOR UPDATE\b|with_for_update=True|with_for_update\((?!key_share=True)")


def test_rows_are_locked_without_their_keys():
    """Every row lock is FOR NO KEY UPDATE (`kit.database.ROW_LOCK` says why), so that foreign keys do not wait for it."""
    found = {
        f"{path.relative_to(SOURCE)}: {line.strip()}"
        for path in SOURCE.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if TOO_STRONG.search(line) and not line.lstrip().startswith("#")
    }
    assert found == set()
