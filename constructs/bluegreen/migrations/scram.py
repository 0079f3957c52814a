"""A password as PostgreSQL stores it, computed here so that the password itself never reaches the server."""

import base64
import hashlib
import hmac
import os

from .errors import MigrationError

_ITERATIONS = 4096  # PostgreSQL's own default


def verifier(password: str, salt: bytes | None = None) -> str:
    """Return a SCRAM-SHA-256 verifier (RFC 5803), as `ALTER ROLE ... PASSWORD` takes it in place of a password.

    Args:
        password: ASCII, as Secrets Manager makes them; others would have to be normalised as the client does it.
        salt: 16 bytes; new ones when omitted.

    Returns:
        The verifier; it holds no quote.

    Raises:
        MigrationError: If the password is not ASCII.

    Example:
        >>> verifier("pencil", bytes(16))[:44]
        'SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$'
    """
    if not password.isascii():
        raise MigrationError("the application user's password must be ASCII; let Secrets Manager generate it")
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    server = _keyed(salted, b"Server Key")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _keyed(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
