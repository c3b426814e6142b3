"""Which schema this version of the code needs, read from the migrations' files.

Without Alembic: a server that only compares two words should not hold its 12 MB.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

# In a checkout the migrations lie beside src/, in an installed package the working directory has them.
MIGRATIONS = next(
    (p for p in (Path(__file__).parents[3] / "migrations", Path("migrations").resolve()) if p.exists()),
    Path("migrations"),
)
_SAYS = re.compile(r'^(revision|down_revision) = (?:"(\w+)"|None)$', re.MULTILINE)


@cache
def head_revision() -> str | None:
    """The revision that no other follows. Raises ValueError where several do: that is a fork to be merged."""
    revisions, followed = set(), set()
    for file in (MIGRATIONS / "versions").glob("*.py"):
        said = dict(_SAYS.findall(file.read_text()))
        revisions.add(said["revision"])
        followed.add(said["down_revision"])
    heads = revisions - followed
    if len(heads) > 1:
        raise ValueError(f"several migrations come last: {sorted(heads)}")
    return heads.pop() if heads else None
