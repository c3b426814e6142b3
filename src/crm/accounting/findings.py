"""What the connection doctor says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "wrong", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`why` and `mend` are empty where all is well."""

    check: str
    state: State
    what: str
    why: str = ""
    mend: str = ""


def worst(findings: list[Finding]) -> State:
    order: tuple[State, ...] = ("ok", "unknown", "warning", "wrong")
    return max((one.state for one in findings), key=order.index, default="ok")
