"""A DynamoDB table that passes review: encrypted, restorable to any second, protected, paid by the request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import minutes
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

from .backup_replication import require_other_region

_OPERATIONS = (
    dynamodb.Operation.GET_ITEM,
    dynamodb.Operation.PUT_ITEM,
    dynamodb.Operation.UPDATE_ITEM,
    dynamodb.Operation.DELETE_ITEM,
    dynamodb.Operation.QUERY,
)


@dataclass(frozen=True, kw_only=True)
class TableReplica:
    """The table in another region as well, written and read there, seconds apart.

    Args:
        region: The other region.
        key_arn: The ARN of a key in that region; needed when the table has a key of its own, None otherwise.

    Example:
        >>> TableReplica(region="eu-central-1").key_arn is None
        True
    """

    region: str
    key_arn: str | None = None


class Table(Construct):
    """A DynamoDB table with point-in-time recovery of 35 days.

    Args:
        scope: The stack of the data.
        construct_id: Its name there.
        partition_key: The partition key's name, of a string.
        sort_key: The sort key's name, of a string. None when omitted.
        expires: The attribute with the time at which an item goes by itself, in seconds since 1970. None when omitted.
        replicas: Other regions that have the table too; its stack must name its own region then. None when omitted.
            Whether there are any is decided for good: CloudFormation has another type for such a table.
        protected: Whether it refuses deletion, and stays when its stack goes; yes when omitted.
        insights: Whether DynamoDB counts which keys are used most, at a price by the request; no when omitted.
        key: What it is encrypted with. AWS's own key when omitted.
        runbooks: Where the runbooks are, to which alerts add their section.

    Attributes:
        table: The table, for its `grant_*` and `metric_*`.
        key: The key, if one was given.
        alerts: What is wrong with it.

    Raises:
        ValueError: If a replica is in the table's own region or twice in one, or its key is missing or too much.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "ShopData")
        >>> table = Table(stack, "Carts", partition_key="customer", sort_key="cart", expires="until")
        >>> [alert.severity.value for alert in table.alerts]
        ['warning', 'warning']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        partition_key: str,
        sort_key: str | None = None,
        expires: str | None = None,
        replicas: Sequence[TableReplica] = (),
        protected: bool = True,
        insights: bool = False,
        key: kms.IKey | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        _require_replicas(replicas, Stack.of(self).region, key)
        self.key = key
        shared: dict[str, Any] = {
            "partition_key": _text(partition_key),
            "sort_key": _text(sort_key) if sort_key else None,
            "time_to_live_attribute": expires,
            "point_in_time_recovery_specification": _recovery(),
            "contributor_insights_specification": _insights(on=insights),
            "deletion_protection": protected,
            "removal_policy": RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        }
        self.table: dynamodb.ITable = self._replicated(replicas, shared) if replicas else self._single(shared)
        self.alerts: Sequence[Alert] = self._watch(f"{runbooks}#table")
        if not protected:
            reason = "it was declared to hold nothing that must outlive its stack, so no plan backs it up"
            acknowledge(self, {"NIST.800.53.R5-DynamoDBInBackupPlan": reason})

    def _single(self, shared: dict[str, Any]) -> dynamodb.ITable:
        # Unlike the CDK's newer construct, this one takes a key in a stack that may be deployed to any region.
        return dynamodb.Table(
            self,
            "Table",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if self.key else dynamodb.TableEncryption.AWS_MANAGED,
            encryption_key=self.key,
            **shared,
        )

    def _replicated(self, replicas: Sequence[TableReplica], shared: dict[str, Any]) -> dynamodb.ITable:
        return dynamodb.TableV2(
            self,
            "Table",
            billing=dynamodb.Billing.on_demand(),
            encryption=_encryption(replicas, self.key),
            replicas=[
                dynamodb.ReplicaTableProps(
                    region=replica.region,
                    deletion_protection=shared["deletion_protection"],
                    point_in_time_recovery_specification=_recovery(),
                )
                for replica in replicas
            ],
            **shared,
        )

    def _watch(self, runbook: str) -> list[Alert]:
        throttles = {
            name.lower(): cloudwatch.Metric(
                namespace="AWS/DynamoDB",
                metric_name=f"{name}ThrottleEvents",
                dimensions_map={"TableName": self.table.table_name},
                statistic="Sum",
                period=minutes(1),
            )
            for name in ("Read", "Write")
        }
        return [
            define_alert(
                self,
                "ThrottlesAlert",
                says="Requests that DynamoDB turned away because they came too fast for the table",
                severity=Severity.WARNING,
                runbook=runbook,
                metric=cloudwatch.MathExpression(
                    expression="FILL(read, 0) + FILL(write, 0)",
                    using_metrics=dict(throttles),
                    label="Throttled",
                    period=minutes(1),
                ),
                threshold=0,
                evaluation_periods=5,
                datapoints_to_alarm=3,
            ),
            define_alert(
                self,
                "ErrorsAlert",
                says="Requests that DynamoDB failed to answer",
                severity=Severity.WARNING,
                runbook=runbook,
                metric=self.table.metric_system_errors_for_operations(operations=list(_OPERATIONS), period=minutes(5)),
                threshold=0,
            ),
        ]


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _recovery() -> dynamodb.PointInTimeRecoverySpecification:
    return dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _insights(*, on: bool) -> dynamodb.ContributorInsightsSpecification | None:
    return dynamodb.ContributorInsightsSpecification(enabled=True) if on else None


def _encryption(replicas: Sequence[TableReplica], key: kms.IKey | None) -> dynamodb.TableEncryptionV2:
    if key is None:
        return dynamodb.TableEncryptionV2.aws_managed_key()
    arns = {replica.region: replica.key_arn for replica in replicas if replica.key_arn}
    return dynamodb.TableEncryptionV2.customer_managed_key(key, arns)


def _require_replicas(replicas: Sequence[TableReplica], own_region: str, key: kms.IKey | None) -> None:
    if replicas and Token.is_unresolved(own_region):
        raise ValueError(
            f"replicas need a stack that names its own region, got {len(replicas)} in one that is deployed anywhere; "
            "give the stack an env with a region"
        )
    regions = [replica.region for replica in replicas]
    if len(set(regions)) != len(regions):
        raise ValueError(f"replicas must be in different regions, got {', '.join(regions)}")
    for replica in replicas:
        require_other_region("a replica", replica.region, own_region)
        if (replica.key_arn is None) != (key is None):
            raise ValueError(
                f"a replica's key_arn and the table's key go together, got {replica.key_arn!r} for {replica.region}; "
                "give both or neither"
            )
