"""Reads what checks keep in Secrets Manager, each secret once, and never shows it."""

import json

import aws_clients
from bluegreen.release.checks import SecretReference


class SecretError(Exception):
    """A secret cannot be used as a header; says which, never what it holds."""


class SecretValues:
    """The secrets of one run."""

    def __init__(self) -> None:
        self._values: dict[SecretReference, str] = {}

    @property
    def seen(self) -> list[str]:
        """Every value that was read, to keep it out of results."""
        return list(self._values.values())

    def header(self, value: str | SecretReference) -> str:
        """Return a header's value.

        Args:
            value: The value itself, or where it is kept.

        Returns:
            The value.

        Raises:
            SecretError: If the secret cannot be read, or is none that a header may have.
        """
        if isinstance(value, str):
            return value
        if value not in self._values:
            self._values[value] = _read(value)
        return self._values[value]


def _read(reference: SecretReference) -> str:
    try:
        answer = aws_clients.client("secretsmanager").get_secret_value(SecretId=reference.secret_arn)
        text = answer["SecretString"]
        value = text if reference.field is None else json.loads(text)[reference.field]
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold the secret
        raise SecretError(f"cannot read secret {reference.secret_arn}: {_reason(error)}") from None
    if not isinstance(value, str) or not value.isprintable() or not value.isascii():
        raise SecretError(f"secret {reference.secret_arn} is not printable ASCII text, as a header's value must be")
    return value


def _reason(error: Exception) -> str:
    response = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code") or type(error).__name__)
