"""Proves that a database can be recovered: restores it beside the live one, compares both, times it, and cleans up."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import hours
from bluegreen.cdk._functions import call_by_events, small_function
from bluegreen.cdk._names import computed_name
from bluegreen.cdk._network import TaskNetwork
from bluegreen.cdk._task_machine import OneOffTask, task_machine
from bluegreen.cdk.data import Database
from bluegreen.cdk.ledger import ReleaseLedger
from bluegreen.cdk.service import BlueGreenService
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

from .backup_rule import require_range
from .check_task import CONTAINER_NAME, CheckTask
from .checks import DataChecks, RecoveryObjectives
from .drill_roles import NAMESPACE, function_role, state_machine_role

_STEP_SECONDS = 60
_CLEANING_SECONDS = 3600
"""What an execution may take beside its deadline, to delete what it restored."""
_HOST = "DATABASE_HOST"
_MEANT = {
    "AwsSolutions-SF1": "the ledger has what a recovery came to, and the function logs each step",
    "AwsSolutions-SF2": "it waits for RDS and for one task; there is no path to trace",
    "NIST.800.53.R5-LambdaConcurrency": "a drill is begun by hand or once a week, so there is no load to bound",
    "NIST.800.53.R5-LambdaDLQ": "an event that is lost leaves a test without a verdict, which AWS Backup shows",
    "NIST.800.53.R5-LambdaInsideVPC": "the check's task talks to databases; the function only to AWS's APIs",
}


class RecoveryDrill(Construct):
    """Recovers a database for practice, whenever somebody asks, and judges what AWS Backup's tests restored.

    `bluegreen drill database --run` restores the live instance to its latest moment, beside it and closed to everybody
    but a check. The check is a one-off task of the application's own image (the runner of migrations has to be in it),
    which counts rows and looks how new they are, in the live and in the restored database. Reached RTO and RPO go into
    the ledger and into metrics. The restored instance is deleted whatever happens; its name begins with
    `bluegreen-drill-`, and the function's role can delete no other.

    Args:
        scope: The service's stack.
        construct_id: Its name there.
        service: Whose image, cluster and network the check takes.
        database: What is recovered; an RDS instance.
        checks: What is compared; every table when omitted.
        objectives: What must be reached; RTO 60 and RPO 5 minutes when omitted.
        instance_class: The class of restored instances without "db.", such as "t4g.medium"; the live one's when
            omitted. A smaller one is cheaper, but restores more slowly than a real recovery would.
        secrets: What the check connects with; the login of the application's user when omitted.
        command: What starts the runner in the image.
        ledger: Where recoveries are recorded; that of the service's stack when omitted.
        deadline_minutes: After which a recovery is given up and cleaned up, 30-1440 minutes.
        log_retention: How long the check's and the function's logs are kept; one month when omitted.
        runbooks: Where the alert says that help is written.

    Attributes:
        function: Called by the state machine, EventBridge and operators.
        state_machine: Follows one recovery to its end.
        task: What looks into databases.
        security_group: That of restored instances; it lets in the check alone.
        subnet_group_name: Into which subnets they go: the live one's.
        database: What is recovered.
        alerts: A recovery failed.

    Raises:
        ValueError: If the database is an Aurora cluster, or a value is out of range.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        database: Database,
        checks: DataChecks | None = None,
        objectives: RecoveryObjectives | None = None,
        instance_class: str | None = None,
        secrets: Mapping[str, ecs.Secret] | None = None,
        command: Sequence[str] = ("python", "-m", "bluegreen.migrations"),
        ledger: ReleaseLedger | None = None,
        deadline_minutes: int = 120,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        if database.instance is None:
            raise ValueError("database must be an RDS instance, got an Aurora cluster; drills do not restore those yet")
        require_range("deadline_minutes", deadline_minutes, 30, 1440)
        checks, objectives = checks or DataChecks(), objectives or RecoveryObjectives()
        self.database = database
        self.subnet_group_name = cast("rds.CfnDBSubnetGroup", database.node.find_child("Subnets")).ref
        arguments = checks.arguments()
        self.task = CheckTask(
            self,
            "Check",
            service=service,
            database=database,
            variables=_variables(database, secrets),
            command=command,
            arguments=arguments,
            log_retention=log_retention,
        )
        self.security_group = self._closed_group(service.cluster.vpc)
        settings = {
            "instance_class": f"db.{instance_class}" if instance_class else None,
            "host_variable": _HOST,
            "inspect": arguments,
            "objectives": checks.objectives(objectives).to_dict(),
            "test_point_seconds": 3600 * objectives.test_point_hours,
            "deadline_seconds": 60 * deadline_minutes,
        }
        self._log_group = logs.LogGroup(
            self,
            "LogGroup",
            retention=log_retention,
            encryption_key=database.key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        name = computed_name(self, max_length=80)
        self.function = self._define_function(service, ledger or ReleaseLedger.of(service), settings, name)
        longest = 60 * deadline_minutes + _CLEANING_SECONDS
        self.state_machine = self._define_machine(service, name, longest)
        lost = {"stateMachineArn": [self.state_machine.ref], "status": ["FAILED", "TIMED_OUT", "ABORTED"]}
        self.hear(
            "LostRecovery",
            "Cleans up after a recovery that was lost",
            {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"], "detail": lost},
        )
        self.alerts = (self._alert(runbooks),)
        acknowledge(self, _MEANT)

    def hear(self, construct_id: str, description: str, event_pattern: Mapping[str, object]) -> None:
        """Let EventBridge call the function.

        Args:
            construct_id: The rule's name in this construct.
            description: What for.
            event_pattern: Which events.
        """
        call_by_events(self, construct_id, self.function, description=description, pattern=event_pattern)

    def _closed_group(self, vpc: ec2.IVpc) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self, "Restored", vpc=vpc, description="Instances restored for practice", allow_all_outbound=False
        )
        ec2.CfnSecurityGroupIngress(
            self,
            "CheckToRestored",
            group_id=group.security_group_id,
            source_security_group_id=self.task.security_group.security_group_id,
            ip_protocol="tcp",
            from_port=self.database.port,
            to_port=self.database.port,
            description="The check of restored databases",
        )
        return group

    def _define_function(
        self, service: BlueGreenService, ledger: ReleaseLedger, settings: Mapping[str, object], state_machine_name: str
    ) -> lambda_.Function:
        arns = service.provider.arns
        role = function_role(
            self,
            arns=arns,
            database=self.database,
            subnet_group=self.subnet_group_name,
            ledger=ledger,
            task=self.task,
            log_group=self._log_group,
            state_machine_name=state_machine_name,
        )
        return small_function(
            self,
            "DrillFunction",  # by this name `bluegreen drill` finds it
            family="recovery",
            handler="recovery_handler.handle",
            description=f"Recovery drills of {self.database.identifier}",
            timeout_seconds=_STEP_SECONDS,
            role=role,
            log_group=self._log_group,
            environment={
                "BLUEGREEN_STATE_MACHINE_ARN": arns.colon("states", "stateMachine", state_machine_name),
                "BLUEGREEN_LEDGER": ledger.table.table_name,
                "BLUEGREEN_DATABASE": self.database.identifier,
                "BLUEGREEN_TASK_LOG_GROUP": self.task.log_group.log_group_name,
                "BLUEGREEN_SUBNET_GROUP": self.subnet_group_name,
                "BLUEGREEN_SECURITY_GROUP": self.security_group.security_group_id,
                "BLUEGREEN_SETTINGS": json.dumps(settings, separators=(",", ":")),
            },
        )

    def _define_machine(
        self, service: BlueGreenService, name: str, longest_seconds: int
    ) -> stepfunctions.CfnStateMachine:
        arns, cluster_name, network = service.provider.arns, service.cluster_name, service.network
        function_arn = self.function.function_arn
        role = state_machine_role(self, arns=arns, cluster_name=cluster_name, task=self.task, function_arn=function_arn)
        return stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition=task_machine(
                function_arn,
                comment="Recovers a database for practice",
                failure="NotRecovered",
                task=OneOffTask(
                    definition=self.task.task_definition.task_definition_arn,
                    container=CONTAINER_NAME,
                    overridden=("Command", "Environment"),
                ),
                step_seconds=_STEP_SECONDS,
                longest_seconds=longest_seconds,
                cluster_arn=arns.slash("ecs", "cluster", cluster_name),
                network=TaskNetwork(
                    subnet_ids=network.subnet_ids,
                    security_group_ids=[self.task.security_group.security_group_id],
                    assign_public_ip=network.assign_public_ip,
                    platform_version=network.platform_version,
                ),
            ),
        )

    def _alert(self, runbooks: str) -> Alert:
        failed = cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="RecoveryFailed",
            dimensions_map={"Database": self.database.identifier},
            statistic="Maximum",
            period=hours(1),
        )
        return define_alert(
            self,
            "RecoveryFailed",
            says=f"Recoveries of {self.database.identifier} that failed, or missed their time, freshness or rows",
            severity=Severity.WARNING,
            runbook=f"{runbooks}#recovery-failed",
            metric=failed,
            threshold=0,
        )


def _variables(
    database: Database, secrets: Mapping[str, ecs.Secret] | None
) -> tuple[Mapping[str, str], Mapping[str, ecs.Secret]]:
    """Return what the check connects with, without the host, which the function says."""
    environment = {name: value for name, value in database.environment().items() if name != _HOST}
    return environment, dict(secrets or database.variables(database.application_user))
