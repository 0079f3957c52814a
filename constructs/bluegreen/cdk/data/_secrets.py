"""Secrets under a customer key whose readers may live in any stack.

The CDK writes each reader of such a secret into the key's policy. A reader in a stack that is deployed after the key's
would have the two wait for each other for ever, so here the readers' own policies say it.
"""

import json
from collections.abc import Sequence
from typing import cast

import jsii
from aws_cdk import Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge

_LENGTH = 48


class UserSecret(secretsmanager.Secret):
    """A generated password, of letters and digits so that it fits into an address, beside a fixed user name.

    Args:
        scope: Where.
        construct_id: Its name there.
        username: The user.
        description: Whose it is, for people.
        key: What encrypts it; the account's own key for secrets when None.

    Attributes:
        key: As its readers' policies name it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, username: str, description: str, key: kms.IKey | None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=description,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"username": username}),
                generate_string_key="password",
                password_length=_LENGTH,
                exclude_punctuation=True,
            ),
        )
        self.key = SecretsKey(key) if key else None
        if self.key:
            cast("secretsmanager.CfnSecret", self.node.default_child).kms_key_id = self.key.arn
        acknowledge(
            self,
            {
                "AwsSolutions-SMG4": "tasks read it when they start: a new one comes with a restart, not by the clock",
                "NIST.800.53.R5-SecretsManagerRotationEnabled": "whoever deploys sets it in the data store too; "
                "a rotation behind their back would lock out the tasks that run",
            },
        )

    def grant_read(self, grantee: iam.IGrantable, version_stages: Sequence[str] | None = None) -> iam.Grant:
        """Let somebody read it, and decrypt it."""
        grant = super().grant_read(grantee, version_stages)
        if self.key:
            self.key.let_decrypt(grantee)
        return grant


class SecretField(ecs.Secret):
    """One field of a secret that somebody else keeps, as ECS reads it when a task starts.

    Args:
        secret: The secret.
        field: The field.
        key: What encrypts the secret.
    """

    def __init__(self, secret: secretsmanager.ISecret, field: str, key: "SecretsKey") -> None:
        super().__init__()
        self._secret, self._key = secret, key
        self._arn = f"{secret.secret_arn}:{field}::"

    @property
    def arn(self) -> str:
        """Where ECS finds it."""
        return self._arn

    @property
    def has_field(self) -> bool:
        """Yes: it is a part of a secret."""
        return True

    @jsii.member(jsii_name="grantRead")
    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody read the secret, and decrypt it."""
        grant = self._secret.grant_read(grantee)
        self._key.let_decrypt(grantee)
        return grant


class SecretsKey:
    """A key of secrets, as the policies of their readers name it.

    Args:
        key: The key.
    """

    def __init__(self, key: kms.IKey) -> None:
        self.arn = key.key_arn
        self._service = f"secretsmanager.{Stack.of(key).region}.amazonaws.com*"

    def let_decrypt(self, grantee: iam.IGrantable) -> None:
        """Let somebody decrypt secrets under the key, by way of Secrets Manager alone."""
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["kms:Decrypt"],
            resource_arns=[self.arn],
            conditions={"StringLike": {"kms:ViaService": self._service}},
        )
