"""Makes the installation's secret on first run in development and reads it afterwards."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def make_secret_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def read_or_make_secret_key(path: Path) -> str:
    """Returns the key in `path`, making it (mode 0600) when it is missing.

    Several processes may start at once: the file appears complete or not at all (link of a private file),
    so that two of them never hold different keys.
    """
    if path.exists():
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    private = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(make_secret_key())
    try:
        os.link(private, path)
    except FileExistsError:  # another process was first; its key is the key
        return path.read_text().strip()
    finally:
        private.unlink()
    return path.read_text().strip()
