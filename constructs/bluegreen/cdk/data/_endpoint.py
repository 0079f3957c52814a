"""How clients reach a PostgreSQL server, whichever it is."""

import re
from collections.abc import Mapping

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ._doors import closed_group, let_in
from ._secrets import SecretField, UserSecret
from ._server import PORT

_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9]){0,60}")
_NAME = re.compile(r"(?!pg_|rds)[a-z][a-z0-9_]{0,62}")


class PostgresEndpoint(Construct):
    """What a database and a replica have in common for their clients.

    Args:
        scope: The stack.
        construct_id: Its name there.
        vpc: Its network.
        name: The database: 1-63 lower-case letters, digits and `_`.
        identifier: The server: 1-61 lower-case letters, digits and single hyphens.
        key: What its secrets are encrypted with.

    Raises:
        ValueError: If a name is not allowed.
    """

    host: str

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        name: str,
        identifier: str,
        key: kms.IKey | None,
    ) -> None:
        _require_names(name, identifier)
        super().__init__(scope, construct_id)
        self._id = construct_id
        self.identifier, self.database_name, self.port, self.key = identifier, name, PORT, key
        self.security_group: ec2.ISecurityGroup = closed_group(self, vpc, f"The database {identifier}")
        user = UserSecret(
            self, "ApplicationUser", username=f"{name}_app", description=f"The application in {identifier}", key=key
        )
        self.application_user: secretsmanager.ISecret = user
        self._secrets_key = user.key

    def let_in(self, client: ec2.ISecurityGroup, description: str) -> ec2.CfnSecurityGroupIngress:
        """Let the members of a security group in.

        Args:
            client: The group.
            description: Who they are.

        Returns:
            The rule, in the client's stack: this one knows nothing of who comes.
        """
        return let_in(client, f"To{self._id}", group=self.security_group, port=self.port, description=description)

    def variables(self, secret: secretsmanager.ISecret) -> Mapping[str, ecs.Secret]:
        """Return DATABASE_USER and DATABASE_PASSWORD, as ECS reads them when a task starts.

        Args:
            secret: Whom the client connects as: `application_user`, or a database's `migrator`.

        Returns:
            The variables.
        """
        fields = {"USER": "username", "PASSWORD": "password"}
        key = self._secrets_key
        if key is None or isinstance(secret, UserSecret):  # which lets its readers decrypt it itself
            return {f"DATABASE_{name}": ecs.Secret.from_secrets_manager(secret, one) for name, one in fields.items()}
        return {f"DATABASE_{name}": SecretField(secret, one, key) for name, one in fields.items()}

    def environment(self) -> Mapping[str, str]:
        """Return DATABASE_HOST, DATABASE_PORT and DATABASE_NAME, which are no secrets."""
        return {
            "DATABASE_HOST": self.host,
            "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": self.database_name,
        }


def _require_names(name: str, identifier: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "name must be 1-63 lower-case letters, digits and '_', beginning with a letter and neither with 'pg_' nor "
            f"with 'rds', got {name!r}"
        )
    if not _IDENTIFIER.fullmatch(identifier):
        raise ValueError(
            f"identifier must be 1-61 lower-case letters, digits and single hyphens between them, got {identifier!r}"
        )
