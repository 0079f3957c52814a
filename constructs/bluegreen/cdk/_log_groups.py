"""The log groups of a service and of what releases it."""

from weakref import WeakSet

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from ._acknowledge import acknowledge
from ._arns import OWN

_let_in: WeakSet[kms.IKey] = WeakSet()
"""The keys that CloudWatch Logs may use: once is enough for all log groups, since a policy names the service."""


def log_group(
    scope: Construct,
    construct_id: str,
    *,
    key: kms.IKey | None,
    retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
    outlives_stack: bool = False,
) -> logs.LogGroup:
    """Define a log group.

    Args:
        scope: Where.
        construct_id: Under which id.
        key: What encrypts it; AWS's own key when None.
        retention: How long it keeps what is written; one month when omitted.
        outlives_stack: Whether it stays when its stack goes, because what was done and then went can still be read
            about. It goes too when omitted.

    Returns:
        The log group.
    """
    if key:
        let_logs_use(key)
    keep = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if outlives_stack else RemovalPolicy.DESTROY
    group = logs.LogGroup(scope, construct_id, retention=retention, encryption_key=key, removal_policy=keep)
    if not key:
        acknowledge_without_key(group)
    return group


def acknowledge_without_key(group: logs.LogGroup) -> None:
    """Say of a log group that nobody gave a key for it.

    Args:
        group: The log group.
    """
    reason = "CloudWatch Logs encrypts it with a key of AWS's own, for want of a log_encryption_key"
    acknowledge(group, {"NIST.800.53.R5-CloudWatchLogGroupEncrypted": reason})


def let_logs_use(key: kms.IKey) -> None:
    """Let CloudWatch Logs use a key, which refuses it otherwise; an imported key's owner must allow the same.

    Args:
        key: The key.
    """
    if key not in _let_in:
        _let_in.add(key)
        key.grant_encrypt_decrypt(iam.ServicePrincipal(f"logs.{OWN.region}.amazonaws.com"))
