"""The migrations of one service: task, function and state machine, and what wakes the function when those are lost."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_cdk import CustomResource
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from ._acknowledge import acknowledge
from ._functions import call_by_events, small_function
from ._log_groups import log_group
from ._migration_roles import function_role, state_machine_role
from ._migration_task import CONTAINER_NAME, MigrationTask, MigrationTaskSettings
from ._names import computed_name
from ._network import TaskNetwork
from ._task_machine import OneOffTask, task_machine

if TYPE_CHECKING:
    from aws_cdk import aws_rds as rds

    from .ledger import ReleaseLedger
    from .service import BlueGreenService

STEP_SECONDS = 60
"""How long one step of the function may take: about a dozen calls, each bounded by its client."""
_LEFT_FOR_BACKSTOP_SECONDS = 60
"""An execution ends so much before the hook's time does: for the function to answer in its place."""


_MEANT = {
    "AwsSolutions-SF1": "the ledger has every step of a run, and the function logs what it decided",
    "AwsSolutions-SF2": "it waits for one task and asks one function; there is no path to trace",
    "NIST.800.53.R5-LambdaConcurrency": "the lease lets one run change a database at a time, whoever calls how often",
    "NIST.800.53.R5-LambdaDLQ": "a call that is lost is found by the backstop or by CodeDeploy's time limit",
    "NIST.800.53.R5-LambdaInsideVPC": "the task talks to the database; the function only to AWS's APIs",
}


class ServiceMigrations(Construct):
    """What migrates a database in the releases of one service.

    Attributes:
        task: What runs the migrations: task definition, roles, log, security group.
        security_group: The task's own, which the database lets in.
        function: Called by CodeDeploy, CloudFormation, the state machine, EventBridge and operators.
        log_group: Where the function says what it saw and decided.
        state_machine: Follows one run to its end.
        ledger: Where runs are recorded.
        resource: The resource whose creation brings the database to its first schema; tasks start after it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: "BlueGreenService",
        database: "rds.IDatabaseInstance",
        ledger: "ReleaseLedger",
        settings: Mapping[str, object],
        longest_seconds: int,
        task: MigrationTaskSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.ledger = ledger
        self.task = MigrationTask(self, "Task", service=service, database=database, settings=task)
        self.security_group = self.task.security_group
        self.log_group = log_group(self, "LogGroup", key=service.log_encryption_key)
        # The function starts the state machine and the state machine calls the function: one has to know the other's
        # name before it exists.
        name = computed_name(self, max_length=80)
        self.function = self._function(service, database, settings, name)
        self.state_machine = self._state_machine(service, name, longest_seconds - _LEFT_FOR_BACKSTOP_SECONDS)
        call_by_events(
            self,
            "LostRun",
            self.function,
            description="Answers for a run that was lost",
            pattern=_lost_executions(self.state_machine.ref),
        )
        call_by_events(
            self,
            "EndedRelease",
            self.function,
            description="Records what became of a release whose migration ran",
            pattern=_ended_deployments(service.application.name),
        )
        needs = [child for child in self.node.children if child is not self.function]  # which it refers to already
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::Migrations",
            service_token=self.function.function_arn,
            properties={"Database": database.instance_identifier},
        )
        self.resource.node.add_dependency(*needs)

        acknowledge(self, _MEANT)

    def _function(
        self,
        service: "BlueGreenService",
        database: "rds.IDatabaseInstance",
        settings: Mapping[str, object],
        state_machine_name: str,
    ) -> lambda_.Function:
        arns, topic = service.provider.arns, service.notifications
        role = function_role(
            self,
            "Role",
            service=service,
            task=self.task,
            database=database,
            ledger=self.ledger,
            log_group=self.log_group,
            state_machine_name=state_machine_name,
        )
        return small_function(
            self,
            "Function",
            family="migrations",
            handler="migration_handler.handle",
            description=f"Migrations of {service.node.path}",
            timeout_seconds=STEP_SECONDS,
            role=role,
            log_group=self.log_group,
            environment={
                "BLUEGREEN_STATE_MACHINE_ARN": arns.colon("states", "stateMachine", state_machine_name),
                "BLUEGREEN_LEDGER": self.ledger.table.table_name,
                "BLUEGREEN_DATABASE": database.instance_identifier,
                "BLUEGREEN_CLUSTER": arns.slash("ecs", "cluster", service.cluster_name),
                "BLUEGREEN_TASK_DEFINITION": self.task.task_definition.task_definition_arn,
                "BLUEGREEN_TASK_LOG_GROUP": self.task.log_group.log_group_name,
                "BLUEGREEN_SERVICE": service.service_name,
                "BLUEGREEN_VERSION": service.version,
                "BLUEGREEN_SETTINGS": json.dumps(settings, separators=(",", ":")),
                "BLUEGREEN_NOTIFICATIONS": topic.topic_arn if topic else "",
            },
        )

    def _state_machine(
        self, service: "BlueGreenService", name: str, longest_seconds: int
    ) -> stepfunctions.CfnStateMachine:
        arns, cluster_name, network = service.provider.arns, service.cluster_name, service.network
        function_arn = self.function.function_arn
        role = state_machine_role(
            self,
            "StateMachineRole",
            arns=arns,
            cluster_name=cluster_name,
            task=self.task,
            function_arn=function_arn,
        )
        return stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition=task_machine(
                function_arn,
                comment="Migrates a database for one release",
                failure="MigrationFailed",
                task=OneOffTask(container=CONTAINER_NAME),
                step_seconds=STEP_SECONDS,
                longest_seconds=longest_seconds,
                cluster_arn=arns.slash("ecs", "cluster", cluster_name),
                network=TaskNetwork(
                    subnet_ids=network.subnet_ids,
                    security_group_ids=[self.security_group.security_group_id],
                    assign_public_ip=network.assign_public_ip,
                    platform_version=network.platform_version,
                ),
            ),
        )


def _lost_executions(state_machine_arn: str) -> dict[str, object]:
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [state_machine_arn], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    }


def _ended_deployments(application: str) -> dict[str, object]:
    return {
        "source": ["aws.codedeploy"],
        "detail-type": ["CodeDeploy Deployment State-change Notification"],
        "detail": {"state": ["SUCCESS", "FAILURE", "STOP"], "application": [application]},
    }
