"""Refuses literals that look like secrets where everyone who may describe a task definition can read them."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from ._secret_patterns import known_format, looks_random, names_a_secret

BY_NAME = "its name says that it is one"
BY_FORMAT = "its value has the form of one"
BY_ENTROPY = "its value is too random for anything else"

_CDK_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}|<unresolved-token>")
_REFERENCE = re.compile(r"\$[A-Z_][A-Z0-9_]*|\$\{\w+\}|\$\([^)]*\)|\{\{(?!resolve:)[^}]*\}\}|<[\w -]+>|\*{3,}")
"""What stands for a value that comes from elsewhere: `$NAME`, `${NAME}`, `{{ name }}`, `<name>`, `***`."""
_NOT_A_VALUE = re.compile(r"|true|false|yes|no|on|off|none|null|enabled|disabled|required|optional", re.IGNORECASE)
_ADDRESS = re.compile(r"arn:[\w-]+:\S+|(?:\.{0,2}/[\w.-]+){2,}/?|[a-z][a-z0-9+.-]*://[^\s@?]*", re.IGNORECASE)
"""Where a secret lies, rather than the secret: an ARN, a file, an address without credentials."""
_OPTION = re.compile(r"-{0,2}([A-Za-z][\w.-]*)=(.*)", re.DOTALL)
_OPTION_ALONE = re.compile(r"--?([A-Za-z][\w.-]*)")


def refuse_secrets(
    environment: Mapping[str, str], command: Sequence[str] = (), allowed: Mapping[str, str] | None = None
) -> None:
    """Refuse plain-text secrets in a container's environment variables and command.

    Args:
        environment: Variable names and values. Values that the CDK resolves later are not looked at.
        command: The command's words, also a whole shell line in one of them.
        allowed: Names that are no secrets although they look like it, with the reason. A name is a variable, an
            option without its dashes (`token-style`) or `command[2]` for the third word. Nothing when omitted.

    Raises:
        ValueError: If something looks like a secret, or an allowed name has no reason. The message names every
            finding and why it is one, and never holds a value.

    Example:
        >>> refuse_secrets({"LOG_LEVEL": "info"}, ["serve", "--port=8080"])
        >>> refuse_secrets({"CARD_TOKEN": "visa"}, allowed={"CARD_TOKEN": "name of a card scheme"})
    """
    allowed = _with_reasons(allowed or {})
    found = [(f"environment variable {name}", name, why_secret(name, value)) for name, value in environment.items()]
    found += [(f"command option {name}" if "[" not in name else name, name, why) for name, why in _in_command(command)]
    refused = [f"{what} looks like a secret ({why})" for what, name, why in found if why and name not in allowed]
    if refused:
        raise ValueError(
            f"{'; '.join(refused)}: a task definition is no place for secrets; "
            "keep it in Secrets Manager and pass it through secrets=, or, if it is none, say why in allowed_plaintext="
        )


def why_secret(name: str, value: str) -> str | None:
    """Say why a literal looks like a secret.

    Looks at the name, at known formats of keys and connection strings, and at how random the value is. What the CDK
    resolves later, references such as `${NAME}`, ARNs, paths, UUIDs and commit hashes are no secrets.

    Args:
        name: The name it goes by; may be empty.
        value: The literal.

    Returns:
        One of `BY_NAME`, `BY_FORMAT` and `BY_ENTROPY`; None when it looks harmless.

    Example:
        >>> why_secret("DATABASE_PASSWORD", "hunter2")
        'its name says that it is one'
        >>> why_secret("DATABASE_HOST", "db.internal") is None
        True
    """
    literal = _REFERENCE.sub("", _CDK_TOKEN.sub("", value)).strip()
    if known_format(literal):
        return BY_FORMAT
    if names_a_secret(name, literal) and not _NOT_A_VALUE.fullmatch(literal) and not _ADDRESS.fullmatch(literal):
        return BY_NAME
    return BY_ENTROPY if looks_random(name, literal) else None


def why_secret_string(text: str) -> str | None:
    """Say why the literal of a secret string is a secret in plain text.

    Args:
        text: What a template puts into Secrets Manager. A JSON object is judged field by field; anything else that is
            literal is a secret, because of where it stands.

    Returns:
        The reason, and in a JSON object the field's name; None when the text is only a frame for what is generated, or
        for what the CDK resolves later.

    Example:
        >>> why_secret_string("hunter2")
        'its name says that it is one'
        >>> why_secret_string('{"username": "orders"}') is None
        True
    """
    try:
        document = json.loads(text)
    except ValueError:
        document = text
    if not isinstance(document, dict):
        return why_secret("secret", text)
    found = ((name, why_secret(name, value)) for name, value in document.items() if isinstance(value, str))
    return next((f"field {name}: {why}" for name, why in found if why), None)


def _with_reasons(allowed: Mapping[str, str]) -> Mapping[str, str]:
    for name, reason in allowed.items():
        if not reason.strip():
            raise ValueError(f"allowed_plaintext[{name!r}] must say why it is no secret, got an empty reason")
    return allowed


def _in_command(command: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a name and a reason for each finding: an option that is named like a secret, else the word's number."""
    words = [(index, word) for index, argument in enumerate(command) for word in _words(argument)]
    named: set[int] = set()  # positions of options named like a secret, and of their values: judged with their name
    for position, (_, word) in enumerate(words):
        following = words[position + 1][1] if position + 1 < len(words) else ""
        name, value = _option(word, following)
        if name and why_secret(name, value) and names_a_secret(name, value):
            named |= {position} if "=" in word else {position, position + 1}
            yield name, BY_NAME
    for index in range(len(command)):
        rest = [word for position, (at, word) in enumerate(words) if at == index and position not in named]
        why = why_secret("", " ".join(rest))
        if why:
            yield f"command[{index}]", why


def _words(argument: str) -> list[str]:
    """Split a shell line into words; an argument that is no shell line is a word."""
    try:
        return shlex.split(argument)
    except ValueError:
        return argument.split()


def _option(word: str, following: str) -> tuple[str, str]:
    if match := _OPTION.fullmatch(word):
        return match[1], match[2]
    if (match := _OPTION_ALONE.fullmatch(word)) and not following.startswith("-"):
        return match[1], following
    return "", ""
