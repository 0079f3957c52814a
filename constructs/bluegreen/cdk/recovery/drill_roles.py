"""What the function and the state machine of a drill may do, and nothing beside it."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge, acknowledge_wildcards
from bluegreen.cdk._arns import Arns
from bluegreen.cdk._grants import Grants
from bluegreen.cdk._principals import FUNCTIONS, STATE_MACHINES
from bluegreen.cdk.data import Database
from bluegreen.cdk.ledger import ReleaseLedger
from bluegreen.release.recovery.record import DRILL_PREFIX

from .check_task import CheckTask

NAMESPACE = "BlueGreen/Recovery"
"""Where the function puts its metrics."""
_OF_BACKUP = "awsbackup-restore-test-*"
"""How AWS Backup names what its restore testing restores."""


def function_role(
    scope: Construct,
    *,
    arns: Arns,
    database: Database,
    subnet_group: str,
    ledger: ReleaseLedger,
    task: CheckTask,
    log_group: logs.ILogGroup,
    state_machine_name: str,
) -> iam.Role:
    """Define the role of the function that decides.

    Args:
        scope: Where.
        arns: Writes the ARNs of the stack's resources.
        database: What is restored.
        subnet_group: Into which subnets.
        ledger: Where recoveries are recorded.
        task: What looks into databases.
        log_group: Where the function writes.
        state_machine_name: The state machine that calls it.

    Returns:
        The role.
    """
    grants = Grants()
    add = grants.add
    add("states:StartExecution", on=[arns.colon("states", "stateMachine", state_machine_name)])
    executions = arns.colon("states", "execution", f"{state_machine_name}:*")
    add("states:DescribeExecution", on=[executions])
    add("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on=[ledger.table.table_arn])
    restored, tested = (arns.colon("rds", "db", f"{name}") for name in (f"{DRILL_PREFIX}*", _OF_BACKUP))
    add("rds:DescribeDBInstances", on=[database.arn, restored, tested])
    add("rds:DeleteDBInstance", "rds:AddTagsToResource", on=[restored])
    # A restored instance takes the engine's default groups: the server's parameters are not what is proven.
    groups = [arns.colon("rds", "pg", "default.postgres*"), arns.colon("rds", "og", "default:postgres*")]
    subnets = arns.colon("rds", "subgrp", subnet_group)
    add("rds:RestoreDBInstanceToPointInTime", on=[database.arn, restored, subnets, *groups])
    add("logs:GetLogEvents", on=[task.log_group.log_group_arn])
    add("logs:CreateLogStream", "logs:PutLogEvents", on=[log_group.log_group_arn])
    add("backup:DescribeRestoreJob", "backup:PutRestoreValidationResult", on=["*"])  # they have no narrower resource
    add("cloudwatch:PutMetricData", on=["*"], when={"StringEquals": {"cloudwatch:namespace": NAMESPACE}})
    for key_arn in dict.fromkeys(one.key_arn for one in (database.key, ledger.table.encryption_key) if one):
        # RDS encrypts a restored instance with the live one's key, in the name of whoever restores it.
        add("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", on=[key_arn])
        add("kms:CreateGrant", on=[key_arn], when={"Bool": {"kms:GrantIsForAWSResource": "true"}})
    role = iam.Role(
        scope,
        "Role",
        description="Decides on the drills of one database",
        assumed_by=FUNCTIONS,
        inline_policies={"Recovery": grants.document()},
    )
    acknowledge_wildcards(
        role,
        {
            "*": "the verdict of a restore test and a metric take no resource; the metric's namespace is a condition",
            executions: "every recovery is an execution with a name of its own",
            restored: "a drill names its instance after itself, with this prefix",
            tested: "AWS Backup names what it restores for a test, with this prefix, and it is only described",
            groups[0]: "the engine's default parameters are called after its major version",
            groups[1]: "the default options are called after the major version too, and hold none",
        },
    )
    if database.key:
        data_keys = "data keys come with and without plaintext; both are what encrypting with this key means"
        acknowledge(role, {"AwsSolutions-IAM5[Action::kms:GenerateDataKey*]": data_keys})
    return role


def state_machine_role(
    scope: Construct, *, arns: Arns, cluster_name: str, task: CheckTask, function_arn: str
) -> iam.Role:
    """Define the role of the state machine that calls the function and runs the checks.

    Args:
        scope: Where.
        arns: Writes the ARNs of the stack's resources.
        cluster_name: Where the tasks run.
        task: What looks into databases.
        function_arn: The function.

    Returns:
        The role.
    """
    grants, cluster_arn = Grants(), arns.slash("ecs", "cluster", cluster_name)
    grants.add("lambda:InvokeFunction", on=[function_arn])
    run = task.task_definition.task_definition_arn
    grants.add("ecs:RunTask", on=[run], when={"ArnEquals": {"ecs:cluster": cluster_arn}})
    grants.add_passing_to_tasks(task.task_role.role_arn, task.execution_role.role_arn)
    tasks = arns.slash("ecs", "task", f"{cluster_name}/*")
    grants.add("ecs:DescribeTasks", "ecs:StopTask", on=[tasks])
    # Step Functions waits for a task through a rule of its own.
    rule = arns.slash("events", "rule", "StepFunctionsGetEventsForECSTaskRule")
    grants.add("events:PutTargets", "events:PutRule", "events:DescribeRule", on=[rule])
    role = iam.Role(
        scope,
        "StateMachineRole",
        description="Runs the drills of one database",
        assumed_by=STATE_MACHINES,
        inline_policies={"Recovery": grants.document()},
    )
    acknowledge_wildcards(role, {tasks: "Step Functions waits for the check's task that it started, and its id is new"})
    return role
