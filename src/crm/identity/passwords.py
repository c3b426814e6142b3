"""Argon2id hashes of passwords, off the event loop and never too many at once."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Each hash takes 64 MiB for a moment (the library's defaults, RFC 9106's low-memory profile).
AT_ONCE_MAX = 4

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE_MAX, thread_name_prefix="password")


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it fits. Without a hash (nobody has that e-mail) it takes the same time and says no."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, password_hash, password)


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        fits = _hasher.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())
