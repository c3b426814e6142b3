"""Makes ids that look like Stripe's and never repeat, not even after a restart of the simulator.

They are deliberately not drawn from `SandboxConfig.seed`: the product under test keeps what it saw in a
database that outlives this process, and a repeated event id would be taken for a second delivery.
"""

from __future__ import annotations

import random
import time

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_random = random.SystemRandom()
_LENGTHS = {
    "cs_test_": 58,
    "pi_": 24,
    "ch_": 24,
    "py_": 24,
    "prod_": 14,
    "cus_": 14,
    "req_": 14,
    "whsec_": 32,
}
_DEFAULT_LENGTH = 24


def new_id(prefix: str) -> str:
    """A fresh id such as `pi_...` for a prefix that includes its underscore."""
    length = _LENGTHS.get(prefix, _DEFAULT_LENGTH)
    stamp = _base62(time.time_ns() // 1_000_000) if length > 14 else ""
    value = _base62(_random.getrandbits(6 * length))
    return prefix + (stamp + value)[:length]


def _base62(number: int) -> str:
    digits = []
    while number:
        number, rest = divmod(number, 62)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits)) or "0"
