"""Report contents at rest: AES-256-GCM through `cryptography`, with keys that rotate.

A sealed value is: format byte, 8 bytes of key id, 12 bytes of nonce, ciphertext with tag. The record it belongs to
is authenticated with it, so that a value moved to another row does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import LedgerError

_FORMAT = b"\x01"


class Vault:
    """Seals with the first key and opens with any. Raises LedgerError when there is no key at all."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise LedgerError(
                "BRIDGE_ENCRYPTION_KEYS is not set; set it to the key that `incident-bridge key new` prints, "
                "and keep a copy where the ledger's backups are not.",
                setting="BRIDGE_ENCRYPTION_KEYS",
            )
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self.current = key_id(keys[0])
        #: Set when a ledger is opened: kept in it, sealed, so that new keys do not change what was told apart.
        self.digest_key = b""

    def __repr__(self) -> str:
        return f"<Vault of {len(self._ciphers)} keys>"

    def seal(self, text: str | bytes, record: str) -> bytes:
        """Encrypt a value that belongs to `record`."""
        plain = text.encode() if isinstance(text, str) else text
        nonce = os.urandom(12)
        return _FORMAT + self.current + nonce + self._ciphers[self.current].encrypt(nonce, plain, record.encode())

    def open(self, sealed: bytes, record: str) -> bytes:
        """Decrypt. Raises LedgerError when the key is missing or the row was altered."""
        cipher = self._ciphers.get(bytes(sealed[1:9]))
        if cipher is None or sealed[:1] != _FORMAT:
            raise LedgerError(
                f"BRIDGE_ENCRYPTION_KEYS lacks the key that {record} was written with; add that key to the list, "
                "be it the old one or, while keys are rotated, the new one.",
                setting="BRIDGE_ENCRYPTION_KEYS",
            )
        try:
            return cipher.decrypt(bytes(sealed[9:21]), bytes(sealed[21:]), record.encode())
        except InvalidTag:
            raise LedgerError(f"The ledger's row {record} was altered or damaged; restore it from a backup.") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether a value is sealed with the first key."""
        return bytes(sealed[1:9]) == self.current

    def digest(self, text: str) -> str:
        """A keyed hash, for telling apart values that must not be stored in the clear."""
        return hmac.digest(self.digest_key, text.encode(), "sha256").hex()[:32]


def key_id(key: bytes) -> bytes:
    """The public name of a key."""
    return hashlib.sha256(b"incident-bridge key id" + key).digest()[:8]
