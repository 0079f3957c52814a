"""How secrets look: their names, the formats of well-known keys, and randomness. Pure functions over text."""

import math
import re
from collections import Counter
from itertools import pairwise

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_WORD = re.compile(
    r".*(?:PASSWORDS?|PASSWD|PASSPHRASE|SECRETS?|CREDENTIALS?|APIKEYS?)|(?:AUTH|ACCESS|API|REFRESH)?TOKENS?"
    r"|(?:DB|PG)?(?:PASS|PWD)|PW|PIN"
)
_KEY_OWNER = re.compile(
    r"API|ACCESS|ACCOUNT|AUTH|DEPLOY|ENCRYPTION|HMAC|JWT|LICENSE|MASTER|PRIVATE|SECRET|SERVICE|SHARED|SIGNING|SSH"
    r"|STORAGE|WEBHOOK"
)
_DESCRIPTION = re.compile(
    r"ALGORITHM|ARN|ATTEMPTS|AUDIENCE|BUCKET|CACHE|CLASS|COUNT|DAYS|DIR|DIRECTORY|ENABLED|ENDPOINT|EXPIRES|EXPIRY"
    r"|FIELD|FILE|FORMAT|HEADER|HOURS|IDS?|ISSUER|LENGTH|LIFETIME|LIMIT|LOCATION|MAX|MIN|MINUTES|MODE|NAMES?"
    r"|PARALLELISM|PATH|POLICY|PREFIX|PROVIDER|REGION|REQUIRED|ROTATION|ROUNDS|SCOPE|SECONDS|SIZE|SOURCE|STORE"
    r"|STRATEGY|TABLE|TIMEOUT|TTL|TYPE|URI|URL|VERSION"
)
"""Last words of names that say something about a secret without being one: TOKEN_TTL, PASSWORD_FILE, SECRET_ARN."""
_PUBLIC = frozenset({"PUBLIC", "PUBLISHABLE"})
_RANDOM_BY_NATURE = re.compile(
    r"BUILD|CHECKSUM|COMMIT|DIGEST|ETAG|FINGERPRINT|HASH|IDS?|REVISION|SHA|THUMBPRINT|VERSION"
)
"""Last words of names whose values are random and no secret."""

_FORMATS = (
    r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",  # AWS
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY",
    r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",  # JWT
    r"\bgh[pousr]_\w{30,}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}",
    r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-[\w-]{10,}|hooks\.slack\.com/services/\w+/\w+/\w+",
    r"\b[sr]k_(?:live|test)_\w{10,}|\bwhsec_\w{16,}",  # Stripe
    r"\bAIza[\w-]{35}|\bGOCSPX-[\w-]{20,}",  # Google
    r"\bSG\.[\w-]{16,}\.[\w-]{16,}|\bSK[0-9a-f]{32}\b",  # SendGrid, Twilio
    r"\bsk-[\w-]{20,}|\bnpm_\w{36}|\bpypi-[\w-]{16,}|\bdop_v1_\w{32,}|\bhv[sb]\.[\w-]{20,}",
    r"(?i:\b[a-z][a-z0-9+.-]*)://[^\s/:@?#]*:[^\s/@]+@",  # a URL with user:password@
    # A field of a connection string or of a query.
    (
        r"(?i:(?:^|[\s;?&,])(?:\w*password|passwd|pwd|accountkey|sharedaccesskey|secret|access_token|api_?key)\s*=\s*"
        r"(?!(?:true|false|yes|no)\b)[^\s;&,]{2,})"
    ),
    r"(?i:\bauthorization:\s*\w+\s+\S{4,}|\bbearer\s+(?=\S*\d)\S{16,})",
    r"\{\{resolve:(?:secretsmanager|ssm-secure):",  # CloudFormation would write the secret itself into the variable
)
_FORMAT = re.compile("|".join(_FORMATS))

_PUBLIC_RANDOMNESS = re.compile(
    r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b"  # a UUID
    r"|\bsha\d+[:-][\w+/=]+|\b[0-9a-f]{40}\b"  # an image digest or integrity hash; a git commit
    r"|\b[a-z]{1,10}-(?:[0-9a-f]{8}|[0-9a-f]{17})\b|/[0-9a-f]{16}\b"  # ids that AWS gives: subnet-…, app/name/…
    r"|-(?:[0-9A-Z]{12,13}|[0-9a-z]{12,13})\b"  # the end of a name that CloudFormation makes
)
_RUN = re.compile(r"[\w+/=.~-]{20,}")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_SHORTEST_HEX = 32
_ENOUGH_ENTROPY = 0.8
"""Share of the most entropy that a text of this length and alphabet can have; random texts have 0.9 and more."""
_ENOUGH_CHANGES = 0.21
"""Share of neighbours of different classes (upper, lower, digit): random texts have 0.4 and more, names 0.1."""


def names_a_secret(name: str, value: str) -> bool:
    """Say whether a name is one that secrets have.

    Args:
        name: Of a variable or an option, in any style: DB_PASSWORD, apiKey, client-secret.
        value: Tells a count from a secret: MAX_TOKENS=4096.

    Returns:
        Whether it says that its value is a secret, rather than something about a secret.
    """
    words = [word.upper() for word in _WORD.findall(name)]
    if not words or _DESCRIPTION.fullmatch(words[-1]) or _PUBLIC & set(words):
        return False
    if words[-1] == "TOKENS" and value.isdecimal():
        return False
    keys = any(key in {"KEY", "KEYS"} and _KEY_OWNER.fullmatch(owner) for owner, key in pairwise(words))
    return keys or any(_SECRET_WORD.fullmatch(word) for word in words)


def known_format(value: str) -> bool:
    """Say whether a text holds a key or a connection string of a known format."""
    return _FORMAT.search(value) is not None


def looks_random(name: str, value: str) -> bool:
    """Say whether a text holds a run too random for a word, a path, a host name or an identifier.

    Args:
        name: The name it goes by: a COMMIT or a PUBLIC_KEY is random and no secret.
        value: The text.

    Returns:
        Whether some run of 20 characters or more (hexadecimal: 32) has the entropy of a generated key.
    """
    words = [word.upper() for word in _WORD.findall(name)]
    if words and (_RANDOM_BY_NATURE.fullmatch(words[-1]) or _PUBLIC & set(words)):
        return False
    return any(map(_is_random, _RUN.findall(_PUBLIC_RANDOMNESS.sub(" ", value))))


def _is_random(run: str) -> bool:
    if _HEX.fullmatch(run):
        return len(run) >= _SHORTEST_HEX and entropy(run) >= _ENOUGH_ENTROPY * 4 and not run.isdecimal()
    # An ideal text of n characters repeats none, so that short texts cannot reach their alphabet's entropy.
    return entropy(run) >= _ENOUGH_ENTROPY * math.log2(min(len(run), 64)) and _changes(run) >= _ENOUGH_CHANGES


def entropy(text: str) -> float:
    """Return Shannon's entropy of a text's characters, in bits a character.

    Example:
        >>> entropy("aaaa"), entropy("abcd")
        (0.0, 2.0)
    """
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values()) + 0.0


def _changes(run: str) -> float:
    """Return the share of neighbouring letters and digits that differ in class.

    Separators do not count, nor does the capital at the beginning of a word.
    """
    classes = [(character.isdigit(), character.isupper()) for character in run if character.isalnum()]
    capital, small = (False, True), (False, False)
    changes = [before != after and (before, after) != (capital, small) for before, after in pairwise(classes)]
    return sum(changes) / max(len(changes), 1)
