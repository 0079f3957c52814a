"""The key that an environment's data, logs and alarms are encrypted with."""

import re
from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk._arns import Arns
from bluegreen.cdk._names import computed_name

_PUBLISHERS = ("cloudwatch", "events", "events.rds", "backup", "budgets")
"""Services that tell an encrypted SNS topic something by themselves, without a role of ours."""
_ALIAS = re.compile(r"(?!aws/)[A-Za-z0-9/_-]{1,250}")


class EnvironmentKey(Construct):
    """One customer managed key for everything that an environment encrypts: one place to audit, and one dollar a month.

    KMS renews its material every year and keeps the old for what was encrypted with it. It stays when its stack goes:
    a snapshot or backup whose key is gone is gone itself. Callers with IAM permission use it through the service that
    stores the data; CloudWatch Logs, and what publishes to encrypted topics, are let in here, for this account only.

    Args:
        scope: The stack of the data.
        construct_id: Its name there.
        alias: A name for people, without "alias/": 1-250 letters, digits, `/`, `_` and `-`. Made of the names of stack
            and construct when omitted.

    Attributes:
        key: The key, for the `key` of whatever can be encrypted.

    Raises:
        ValueError: If the alias is none that KMS allows.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "ShopData")
        >>> EnvironmentKey(stack, "Key", alias="shop-prod").key.node.path
        'ShopData/Key/Key'
    """

    def __init__(self, scope: Construct, construct_id: str, *, alias: str | None = None) -> None:
        super().__init__(scope, construct_id)
        if alias is not None and not _ALIAS.fullmatch(alias):
            raise ValueError(
                "alias must be 1-250 letters, digits, '/', '_' and '-', without \"alias/\" and not beginning with "
                f"aws/, got {alias!r}"
            )
        self.key: kms.IKey = kms.Key(
            self,
            "Key",
            description=f"Data, logs and alarms of {self.to_string()}",
            alias=alias or computed_name(self, max_length=250),
            enable_key_rotation=True,
            policy=_policy(Stack.of(self)),
            removal_policy=RemovalPolicy.RETAIN,
        )


def _policy(stack: Stack) -> iam.PolicyDocument:
    arns = Arns.of(stack)
    log_groups, topics = (f"arn:{arns.partition}:{name}:{arns.region}:{arns.account}:*" for name in ("logs", "sns"))
    return iam.PolicyDocument.from_json(
        {
            "Statement": [
                # So that IAM policies decide, as they do by the CDK's own policy.
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:{arns.partition}:iam::{arns.account}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                _let_in(
                    "LogGroups",
                    [f"logs.{arns.region}.{stack.url_suffix}"],
                    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                    {"kms:EncryptionContext:aws:logs:arn": log_groups},
                ),
                # Not every publisher says for whose account it acts, but SNS always says which topic it encrypts for.
                _let_in(
                    "EncryptedTopics",
                    [f"{name}.amazonaws.com" for name in _PUBLISHERS],
                    ["kms:Decrypt", "kms:GenerateDataKey*"],
                    {"kms:EncryptionContext:aws:sns:topicArn": topics},
                ),
            ]
        }
    )


def _let_in(
    sid: str, services: Sequence[str], actions: Sequence[str], encrypted_for: Mapping[str, str]
) -> Mapping[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": services},
        "Action": actions,
        "Resource": "*",  # in a key's own policy: this key
        "Condition": {"ArnLike": encrypted_for},
    }
