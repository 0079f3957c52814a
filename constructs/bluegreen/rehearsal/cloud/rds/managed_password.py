"""The master user's password when RDS manages it: in a secret of RDS's own, with only the user's name beside it."""

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from bluegreen.rehearsal.cloud.api import Document


class ManagedPasswords:
    """Makes and deletes such secrets; they are not rotated here.

    Args:
        client: Makes boto3 clients by service name.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def make(self, username: str, key: str | None) -> tuple[str, Document]:
        """Make a password and its secret.

        Args:
            username: The master user.
            key: The KMS key of the secret; Secrets Manager's own when None.

        Returns:
            The password, and the instance's MasterUserSecret.
        """
        password = secrets.token_urlsafe(21)
        request = {"KmsKeyId": key} if key else {}
        made = self._client("secretsmanager").create_secret(
            Name=f"rds!db-{uuid.uuid4()}",
            SecretString=json.dumps({"username": username, "password": password}),
            **request,
        )
        return password, {"SecretArn": made["ARN"], "SecretStatus": "active"} | request

    def delete(self, secret: Document) -> None:
        """Delete a secret at once, as RDS does with its instance."""
        self._client("secretsmanager").delete_secret(SecretId=secret["SecretArn"], ForceDeleteWithoutRecovery=True)
