"""What the function and the state machine of a migration may do, and nothing beside it."""

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from ._acknowledge import acknowledge_wildcards
from ._arns import Arns
from ._grants import Grants
from ._principals import FUNCTIONS, STATE_MACHINES

if TYPE_CHECKING:
    from ._migration_task import MigrationTask
    from .ledger import ReleaseLedger
    from .service import BlueGreenService

_SNAPSHOTS = "bluegreen-*"
"""The snapshots that a run takes are named after it."""


def function_role(
    scope: Construct,
    construct_id: str,
    *,
    service: "BlueGreenService",
    task: "MigrationTask",
    database: rds.IDatabaseInstance,
    ledger: "ReleaseLedger",
    log_group: logs.ILogGroup,
    state_machine_name: str,
) -> iam.Role:
    """Define the role of the function that decides.

    Args:
        scope: Where.
        construct_id: Under which id.
        service: The service.
        task: What runs the migrations.
        database: Of what snapshots are taken.
        ledger: Where runs are recorded.
        log_group: Where the function writes.
        state_machine_name: The state machine that calls it.

    Returns:
        The role.
    """
    arns, grants = service.provider.arns, Grants()
    cluster_name = service.cluster_name
    add = grants.add
    machine = arns.colon("states", "stateMachine", state_machine_name)
    add("states:StartExecution", on=[machine])
    executions = arns.colon("states", "execution", f"{state_machine_name}:*")
    add("states:DescribeExecution", on=[executions])
    entries = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query")
    add(*entries, on=[ledger.table.table_arn])
    if key := ledger.table.encryption_key:
        add("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", on=[key.key_arn])
    add("ecs:DescribeTaskDefinition", on=["*"])  # it has no narrower resource
    add("ecs:RegisterTaskDefinition", on=[_revisions(arns, task)])
    grants.add_listing_of_tasks(arns.slash("ecs", "cluster", cluster_name))
    tasks = arns.slash("ecs", "task", f"{cluster_name}/*")
    add("ecs:DescribeTasks", "ecs:StopTask", on=[tasks])
    add("ecs:DescribeServices", on=[arns.slash("ecs", "service", f"{cluster_name}/{service.service_name}")])
    snapshots = arns.colon("rds", "snapshot", _SNAPSHOTS)
    instance_arn = database.instance_arn
    add("rds:CreateDBSnapshot", "rds:DescribeDBSnapshots", on=[instance_arn, snapshots])
    add("rds:DescribeDBInstances", on=[instance_arn])
    answer = ("codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus")
    add(*answer, on=[service.application.deployment_group_arn])
    add("logs:GetLogEvents", on=[task.log_group.log_group_arn])
    add("logs:CreateLogStream", "logs:PutLogEvents", on=[log_group.log_group_arn])
    if topic := service.notifications:
        add("sns:Publish", on=[topic.topic_arn])
        if topic_key := topic.master_key:
            add("kms:Decrypt", "kms:GenerateDataKey", on=[topic_key.key_arn])
    grants.add_passing_to_tasks(task.task_role.role_arn, task.execution_role.role_arn)
    role = iam.Role(
        scope,
        construct_id,
        description="Decides on the migrations of one service",
        assumed_by=FUNCTIONS,
        inline_policies={"Migrations": grants.document()},
    )
    acknowledge_wildcards(
        role,
        {
            "*": "describing a task definition takes no resource, listing tasks the cluster as its condition",
            _revisions(arns, task): "a copy that pins the image's digest is a new revision of this one family",
            tasks: "a task of a run that was lost is found and stopped, and its id is new",
            executions: "every run is an execution with a name of its own",
            snapshots: "every run names its snapshot after itself, with this prefix",
        },
    )
    return role


def state_machine_role(
    scope: Construct,
    construct_id: str,
    *,
    arns: Arns,
    cluster_name: str,
    task: "MigrationTask",
    function_arn: str,
) -> iam.Role:
    """Define the role of the state machine that calls the function and runs the tasks.

    Args:
        scope: Where.
        construct_id: Under which id.
        arns: Writes the ARNs of the stack's resources.
        cluster_name: Where the tasks run.
        task: What runs the migrations.
        function_arn: The function.

    Returns:
        The role.
    """
    cluster_arn, grants = arns.slash("ecs", "cluster", cluster_name), Grants()
    grants.add("lambda:InvokeFunction", on=[function_arn])
    grants.add("ecs:RunTask", on=[_revisions(arns, task)], when={"ArnEquals": {"ecs:cluster": cluster_arn}})
    grants.add_passing_to_tasks(task.task_role.role_arn, task.execution_role.role_arn)
    tasks = arns.slash("ecs", "task", f"{cluster_name}/*")
    grants.add("ecs:DescribeTasks", "ecs:StopTask", on=[tasks])
    # Step Functions waits for a task through a rule of its own.
    rule = arns.slash("events", "rule", "StepFunctionsGetEventsForECSTaskRule")
    grants.add("events:PutTargets", "events:PutRule", "events:DescribeRule", on=[rule])
    role = iam.Role(
        scope,
        construct_id,
        description="Runs the migrations of one service",
        assumed_by=STATE_MACHINES,
        inline_policies={"Migrations": grants.document()},
    )
    acknowledge_wildcards(
        role,
        {
            tasks: "Step Functions waits for the task that it starts, and its id is new",
            _revisions(arns, task): "each version brings a revision of this one family, and a downgrade runs from the "
            "one that is recorded",
        },
    )
    return role


def _revisions(arns: Arns, task: "MigrationTask") -> str:
    """All of the family: a copy pins the image of a run, and a downgrade runs from the revision that is recorded."""
    return arns.slash("ecs", "task-definition", f"{task.family}:*")
