"""ECS Exec: a shell in a running container, encrypted, recorded, and told."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import minutes
from bluegreen.cdk._log_groups import log_group as define_log_group
from bluegreen.cdk.watching.alert import Alert, Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

if TYPE_CHECKING:
    from bluegreen.cdk.task import Task

_AGENT = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")


class ExecCommand(Construct):
    """Lets people run commands in a cluster's containers, and writes down who did and what they saw.

    It takes both its places: `ecs.Cluster(execute_command_configuration=exec_command.configuration)`, then
    `BlueGreenService(exec_command=exec_command)` for each service that may be entered. That a service may be is decided
    when it is created, and then for ever: ECS changes it on no service under CodeDeploy. `open` can change at any time.

    Who called is read from CloudTrail, of the whole account and region: it needs a trail that records management
    events. What was typed and answered is recorded when the image has `script` and `cat`. The commands run as root.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        key: Encrypts the sessions and, if it lets CloudWatch Logs use it, their record.
        log_group: Where both are recorded. One of its own, encrypted with `key` and outliving the stack, when omitted.
        log_retention: How long an own log group keeps them; a year when omitted.
        open: Whether sessions can be opened. False takes the permissions from the tasks, and with them every session.
        runbooks: Where the runbooks are; the alert adds the section.

    Attributes:
        configuration: For the cluster.
        log_group: Where sessions, and who opened them, are recorded.
        alerts: That somebody ran a command.

    Example:
        >>> import aws_cdk as cdk
        >>> from aws_cdk import aws_ec2 as ec2
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> exec_command = ExecCommand(stack, "ExecCommand", key=kms.Key(stack, "Key"))
        >>> cluster = ecs.Cluster(
        ...     stack,
        ...     "Cluster",
        ...     vpc=ec2.Vpc(stack, "Vpc"),
        ...     execute_command_configuration=exec_command.configuration,
        ... )
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        log_group: logs.ILogGroup | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        open: bool = True,  # noqa: A002 - what it is called
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self._open = open
        self.log_group = log_group or define_log_group(
            self, "LogGroup", key=key, retention=log_retention, outlives_stack=True
        )
        self.configuration = ecs.ExecuteCommandConfiguration(
            kms_key=key,
            logging=ecs.ExecuteCommandLogging.OVERRIDE,
            log_configuration=ecs.ExecuteCommandLogConfiguration(
                cloud_watch_log_group=self.log_group, cloud_watch_encryption_enabled=True
            ),
        )
        rule = self._record_callers()
        self.alerts: Sequence[Alert] = [
            define_alert(
                self,
                "Used",
                says="Somebody ran commands in a container",
                severity=Severity.INFO,
                runbook=f"{runbooks}#somebody-ran-commands-in-a-container",
                metric=cloudwatch.Metric(
                    namespace="AWS/Events",
                    metric_name="TriggeredRules",
                    dimensions_map={"RuleName": rule.ref},
                    statistic="Sum",
                    period=minutes(5),
                ),
                threshold=0,
            )
        ]

    def bind(self, task: "Task", cluster: ecs.ICluster) -> None:
        """Let the tasks of one service be entered; `BlueGreenService` calls it.

        Args:
            task: The service's task.
            cluster: Its cluster.

        Raises:
            ValueError: If sessions in the cluster would not be recorded, or the container cannot be entered.
        """
        found = cluster.execute_command_configuration
        if found is None or found.log_configuration is None:
            raise ValueError(
                "cluster must record the sessions that exec_command allows, got one without configuration; pass "
                "execute_command_configuration=exec_command.configuration to it"
            )
        if task.settings.read_only_root_filesystem:
            raise ValueError(
                "container must have a writable root file system for exec_command, whose agent writes there, got a "
                "read-only one; pass Container(read_only_root_filesystem=False), or leave exec_command out"
            )
        if self._open:
            self._grant(task.task_role)

    def _grant(self, role: iam.IRole) -> None:
        for actions, resource in (
            ([f"ssmmessages:{action}" for action in _AGENT], "*"),
            (["logs:DescribeLogGroups"], "*"),
            (["logs:DescribeLogStreams", "logs:CreateLogStream", "logs:PutLogEvents"], self.log_group.log_group_arn),
            (["kms:Decrypt"], self._key.key_arn),
        ):
            role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=[resource]))
        acknowledge(
            role,
            {
                "AwsSolutions-IAM5[Resource::*]": "Session Manager's channels are no resources, and log groups are "
                "listed as a whole",
            },
        )

    def _record_callers(self) -> events.CfnRule:
        rule = events.CfnRule(
            self,
            "Callers",
            description="Records who runs commands in containers",
            event_pattern=_CALLS,
            targets=[{"arn": self.log_group.log_group_arn, "id": "LogGroup"}],
        )
        statement = iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[self.log_group.log_group_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
        )
        logs.ResourcePolicy(self, "CallersPolicy", policy_statements=[statement])
        return rule


_CALLS: Mapping[str, object] = {
    "source": ["aws.ecs"],
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {"eventSource": ["ecs.amazonaws.com"], "eventName": ["ExecuteCommand"]},
}
