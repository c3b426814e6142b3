"""Seals secrets at rest under CRM_SECRET_KEY, with key rotation.

Fernet (AES-128-CBC with HMAC-SHA256, cryptography.io/en/latest/fernet) under keys derived by HKDF, one
purpose each, so that a signature key never opens a token.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


@lru_cache(maxsize=64)
def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose from the installation's secret."""
    hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"peakpro-crm/{purpose}".encode())
    return hkdf.derive(secret.encode())


class Sealer:
    """Seals with the first key, opens with any: put the new key first, keep the old until resealed."""

    def __init__(self, secrets: tuple[str, ...], purpose: str) -> None:
        keys = [base64.urlsafe_b64encode(derive_key(secret, purpose)) for secret in secrets]
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._first = Fernet(keys[0])

    def seal(self, plain: str) -> str:
        return self._fernet.encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises ValueError when none of the keys fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ValueError(
                "A sealed value does not open: CRM_SECRET_KEY has changed. Put the old key behind the new "
                "one, separated by a comma."
            ) from None

    def needs_resealing(self, sealed: str) -> bool:
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return True
        return False
