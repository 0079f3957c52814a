"""What migrates a database in a release: who may do what, what comes first, and what outlives the stack."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

import migration_handler
from bluegreen.cdk import (
    AfterFailure,
    AlembicMigrations,
    Backup,
    Container,
    ContractRelease,
    Grade,
    HttpCheck,
    ReleaseLedger,
    SmokeTests,
)
from migration_settings import Settings
from tests.cdk.support import (
    Synthesized,
    actions,
    add_migrating_service,
    add_service,
    imported_database,
    migrations,
    synthesize,
)
from tests.cdk.test_frozen_service import fixed, frozen

MIGRATOR = "secret:migrator-AbCdEf"
HERE = "OrdersMigrations"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A service with migrations and nothing else that could be left out."""
    return synthesize(tmp_path_factory.mktemp("shop"), add_migrating_service)


def task_definition(stack: Synthesized) -> dict[str, Any]:
    """Return the properties of the migrations' task definition."""
    (found,) = [one for name, one in stack.under(HERE).items() if one["Type"] == "AWS::ECS::TaskDefinition"]
    return dict(found["Properties"])


def settings_of(stack: Synthesized) -> dict[str, Any]:
    """Return the settings that the function is told."""
    (function,) = [one for one in stack.under(HERE).values() if one["Type"] == "AWS::Lambda::Function"]
    return dict(json.loads(function["Properties"]["Environment"]["Variables"]["BLUEGREEN_SETTINGS"]))


def test_the_migrators_secret_is_read_by_the_migrations_execution_role_alone(shop: Synthesized) -> None:
    """No other role of the stack may read it, neither the application's nor the function's."""
    readers = [
        name for name, one in shop.resources.items() if "AWS::IAM" in one["Type"] and MIGRATOR in json.dumps(one)
    ]
    assert [name.partition("DefaultPolicy")[0] for name in readers] == ["OrdersMigrationsTaskExecutionRole"]
    wide = [
        one
        for name, resource in shop.resources.items()
        if "AWS::IAM" in resource["Type"]
        for one in shop.statements(name)
        if "secretsmanager" in json.dumps(one["Action"]) and one["Resource"] == "*"
    ]
    assert wide == []


def test_the_runner_may_do_nothing_in_aws(shop: Synthesized) -> None:
    """Its task role has no policy, inline, managed or attached."""
    (role,) = shop.under("OrdersMigrationsTaskTaskRole").values()
    assert set(role["Properties"]) == {"AssumeRolePolicyDocument", "Description"}
    assert not any("OrdersMigrationsTaskTaskRole" in json.dumps(one) for one in shop.of_type("AWS::IAM::Policy"))


def test_the_migration_runs_the_services_image_under_its_own_name(tmp_path: Path) -> None:
    """Image, version, user and architecture are the candidate's; command, identity, family and log are its own."""

    def define(stack: cdk.Stack) -> None:
        container = Container(
            user="7:7", command=["serve"], writable_paths=["/tmp"], architecture=ecs.CpuArchitecture.ARM64
        )
        add_migrating_service(stack, container=container, version="v7")

    stack = synthesize(tmp_path, define)
    application = stack.one("AWS::ECS::TaskDefinition", Family="Shop-Orders-Task")["Properties"]
    own = task_definition(stack)
    (served,), (migrating,) = application["ContainerDefinitions"], own["ContainerDefinitions"]
    same = ("Image", "User", "ReadonlyRootFilesystem", "MountPoints", "DockerLabels", "LinuxParameters")
    assert {name: migrating[name] for name in same} == {name: served[name] for name in same}
    assert migrating["DockerLabels"] == {"bluegreen.version": "v7"}
    assert own["RuntimePlatform"] == application["RuntimePlatform"]
    assert migrating["EntryPoint"] == ["python", "-m", "bluegreen.migrations"]
    assert (migrating["Command"], served["Command"]) == (["plan"], ["serve"])
    assert migrating["Name"] == migrating["LogConfiguration"]["Options"]["awslogs-stream-prefix"] == "migrations"
    for name in ("Family", "TaskRoleArn", "ExecutionRoleArn"):
        assert own[name] != application[name]
    assert own["Family"] == "Shop-Orders-Migrations-Task"


def test_every_revision_that_may_be_needed_is_retained(shop: Synthesized) -> None:
    """Task definitions, the log of what was done and the ledger outlive their stack, unless it was never created."""
    kept = {name for name, one in shop.resources.items() if one.get("DeletionPolicy") == "RetainExceptOnCreate"}
    prefixes = ("OrdersMigrationsTaskTaskDefinition", "OrdersMigrationsTaskLogGroup", "BlueGreenReleaseLedgerTable")
    for prefix in prefixes:
        assert sum(name.startswith(prefix) for name in kept) == 1
    assert all(shop.resources[name]["UpdateReplacePolicy"] == "Retain" for name in kept)


def test_the_ledger_is_encrypted_and_restorable(shop: Synthesized) -> None:
    """A table by pk and sk, encrypted with a key of the account, restorable to any moment, paid by the request."""
    table = shop.one("AWS::DynamoDB::Table")["Properties"]
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert {one["AttributeName"]: one["KeyType"] for one in table["KeySchema"]} == {"pk": "HASH", "sk": "RANGE"}
    assert {one["AttributeType"] for one in table["AttributeDefinitions"]} == {"S"}


def test_a_snapshot_comes_first_and_the_schema_stays_unless_told_otherwise(shop: Synthesized) -> None:
    """The defaults: a snapshot before anything runs, 500 ms for a lock, 20 minutes, and no change taken back."""
    assert settings_of(shop) == {
        "backup": "snapshot",
        "after_failure": "keep",
        "lock_timeout_ms": 500,
        "deadline_seconds": 900,
        "grades": {},
        "contract": None,
        "ini": None,
        "history": None,
    }


def test_the_function_reads_what_the_construct_states(tmp_path: Path) -> None:
    """Every argument reaches the function's settings, read by the function itself."""

    def define(stack: cdk.Stack) -> None:
        hook = migrations(
            stack,
            backup=Backup.BOTH,
            after_failure="downgrade",
            lint={"drop-index": "warn", "adding-field": Grade.BLOCK},
            contract=ContractRelease(version="v1", reason="no version since v0 reads it"),
            lock_timeout_ms=200,
            deadline_minutes=10,
            ini="db/alembic.ini",
            history="shop",
        )
        add_migrating_service(stack, hooks=[hook], notifications=sns.Topic(stack, "Topic"))

    stack = synthesize(tmp_path, define)
    (function,) = [one for one in stack.under(HERE).values() if one["Type"] == "AWS::Lambda::Function"]
    variables = function["Properties"]["Environment"]["Variables"]
    read = Settings.read({name: value if isinstance(value, str) else name for name, value in variables.items()})
    assert (read.database, read.history, read.version, read.ini) == ("shop", "shop", "v1", "db/alembic.ini")
    assert (str(read.backup), str(read.after_failure)) == (Backup.BOTH, AfterFailure.DOWNGRADE)
    assert (read.lock_timeout_ms, read.deadline_seconds) == (200, 600)
    assert read.grades == {"adding-field": "block", "drop-index": "warn"}
    assert read.contract == {"version": "v1", "reason": "no version since v0 reads it"}
    assert read.notifications
    assert variables["BLUEGREEN_NOTIFICATIONS"] == {"Ref": "TopicBFC7AF6E"}
    assert len(json.dumps(variables)) < 4096


def test_owner_and_application_user_reach_the_runner(tmp_path: Path) -> None:
    """The owner's name is a plain variable; the application user's name and password are fields of its secret."""

    def define(stack: cdk.Stack) -> None:
        user = secretsmanager.Secret(stack, "User")
        hook = migrations(stack, owner_role="shop_owner", application_user=user, environment={"DATABASE_USER": "boss"})
        add_migrating_service(stack, hooks=[hook])

    stack = synthesize(tmp_path, define)
    (container,) = task_definition(stack)["ContainerDefinitions"]
    plain = {one["Name"]: one["Value"] for one in container["Environment"]}
    assert plain == {"DATABASE_USER": "boss", "BLUEGREEN_OWNER_ROLE": "shop_owner"}
    secrets = {one["Name"]: json.dumps(one["ValueFrom"]) for one in container["Secrets"]}
    assert set(secrets) == {"DATABASE_PASSWORD", "BLUEGREEN_APPLICATION_USER", "BLUEGREEN_APPLICATION_PASSWORD"}
    assert ":username::" in secrets["BLUEGREEN_APPLICATION_USER"]
    assert ":password::" in secrets["BLUEGREEN_APPLICATION_PASSWORD"]


def test_the_function_is_allowed_what_it_says_it_needs(tmp_path: Path) -> None:
    """The handler's table of permissions and the granted actions are the same, its log and the topic's key apart."""

    def define(stack: cdk.Stack) -> None:
        topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))
        add_migrating_service(stack, notifications=topic)

    granted = actions(synthesize(tmp_path, define).statements("OrdersMigrationsRole"))
    own = {"logs:CreateLogStream", "logs:PutLogEvents", "kms:Decrypt", "kms:GenerateDataKey"}
    assert own <= granted
    assert granted - own == set(documented())


def documented() -> Iterator[str]:
    """Return the actions in the table of the handler's docstring."""
    for row in re.findall(r"^\| (\S+:.+?) \|", migration_handler.__doc__ or "", flags=re.MULTILINE):
        service, _, names = row.partition(":")
        yield from (f"{service}:{name.strip()}" for name in names.split(","))


UNBOUND = {"ecs:DescribeTaskDefinition", "ecs:ListTasks"}
"""What AWS cannot narrow to a resource; the last is narrowed to the cluster by its condition."""


@pytest.mark.parametrize("prefix", ["OrdersMigrationsRole", "OrdersMigrationsStateMachineRole"])
def test_nothing_is_allowed_everywhere_that_could_be_narrowed(prefix: str, shop: Synthesized) -> None:
    """Only what takes no resource is allowed on all; tasks are those of the cluster, roles go to tasks only."""
    for statement in shop.statements(prefix):
        if statement["Resource"] == "*":
            assert actions([statement]) <= UNBOUND
        if statement["Action"] == "iam:PassRole":
            assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
            names = {one["Fn::GetAtt"][0] for one in statement["Resource"]}
            assert all(name.startswith(("OrdersMigrationsTaskTask", "OrdersMigrationsTaskExecution")) for name in names)
    listing = [one for one in shop.statements(prefix) if one["Action"] == "ecs:ListTasks"]
    assert all("cluster/shop" in json.dumps(one["Condition"]["ArnEquals"]["ecs:cluster"]) for one in listing)


def test_the_function_looks_at_its_own_service_alone(shop: Synthesized) -> None:
    """Whether tasks run already is asked of the service that is migrated for, not of its neighbours in the cluster."""
    (looking,) = [one for one in shop.statements("OrdersMigrationsRole") if one["Action"] == "ecs:DescribeServices"]
    (service,) = [name for name, one in shop.resources.items() if one["Type"] == "AWS::ECS::Service"]
    assert ":service/shop/" in json.dumps(looking["Resource"])
    assert {"Fn::GetAtt": [service, "Name"]} in looking["Resource"]["Fn::Join"][1]


def test_the_state_machine_runs_revisions_of_one_family_in_one_cluster(shop: Synthesized) -> None:
    """A pinned copy and a recorded revision may run, no other task definition, and nowhere else."""
    (running,) = [one for one in shop.statements("OrdersMigrationsStateMachineRole") if one["Action"] == "ecs:RunTask"]
    assert "task-definition/Shop-Orders-Migrations-Task:*" in json.dumps(running["Resource"])
    assert ":cluster/shop" in json.dumps(running["Condition"]["ArnEquals"]["ecs:cluster"])


def test_the_database_is_there_before_the_first_task(shop: Synthesized) -> None:
    """The release waits for the first migration, and that for its task, roles, rules and state machine."""
    ((name, first),) = ((name, one) for name, one in shop.resources.items() if one["Type"] == "Custom::Migrations")
    release = shop.one("Custom::Release")
    others = {one for one in shop.under(HERE) if one != name}
    assert name in release["DependsOn"]
    assert set(first["DependsOn"]) | {first["Properties"]["ServiceToken"]["Fn::GetAtt"][0]} == others
    named = json.dumps(release["Properties"])
    assert all(one in release["DependsOn"] or one in named for one in others)


def test_a_lost_run_and_an_ended_release_wake_the_function(shop: Synthesized) -> None:
    """EventBridge tells it of executions of its machine that failed, and of deployments of its application."""
    rules = {name: one["Properties"] for name, one in shop.under(HERE).items() if one["Type"] == "AWS::Events::Rule"}
    (machine,) = [name for name, one in shop.under(HERE).items() if one["Type"] == "AWS::StepFunctions::StateMachine"]
    details = {rule["EventPattern"]["source"][0]: rule["EventPattern"]["detail"] for rule in rules.values()}
    assert details["aws.states"] == {
        "stateMachineArn": [{"Ref": machine}],
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
    }
    assert details["aws.codedeploy"]["state"] == ["SUCCESS", "FAILURE", "STOP"]
    permitted = {
        one["Properties"]["SourceArn"]["Fn::GetAtt"][0]
        for one in shop.under(HERE).values()
        if one["Type"] == "AWS::Lambda::Permission"
    }
    assert permitted == set(rules)


def test_the_hook_runs_before_anything_is_installed(shop: Synthesized) -> None:
    """CodeDeploy calls it at BeforeInstall and waits for the deadline and five minutes."""
    release = shop.one("Custom::Release")["Properties"]
    (function,) = [name for name, one in shop.under(HERE).items() if one["Type"] == "AWS::Lambda::Function"]
    assert release["Hooks"] == {"BeforeInstall": {"Fn::GetAtt": [function, "Arn"]}}
    assert release["HookSeconds"] == {"BeforeInstall": 1200}


def test_the_execution_ends_before_the_hooks_time_does(shop: Synthesized) -> None:
    """The execution's own time is a minute shorter, so that the function can answer in its place."""
    (machine,) = [one for one in shop.under(HERE).values() if one["Type"] == "AWS::StepFunctions::StateMachine"]
    assert machine["Properties"]["Definition"]["TimeoutSeconds"] == 1200 - 60


def test_a_service_needs_few_resources_for_its_migrations(shop: Synthesized) -> None:
    """Seventeen beside the stack's ledger, the rule that lets them into the database among them."""
    assert len(shop.under(HERE)) == 17
    assert len(shop.under("BlueGreenReleaseLedger")) == 1


def test_migrations_leave_what_is_frozen_alone(shop: Synthesized, tmp_path: Path) -> None:
    """A service that gets migrations, or loses them, keeps its ECS service and target groups byte for byte."""
    without = synthesize(tmp_path, add_service)
    assert frozen(shop) == frozen(without)
    assert fixed(shop) == fixed(without)


def test_services_of_one_stack_share_a_ledger(tmp_path: Path) -> None:
    """Two services on one database write into one table, under names of their own."""

    def define(stack: cdk.Stack) -> None:
        hook = migrations(stack)
        for name in ("Orders", "Carts"):
            add_migrating_service(stack, name, hooks=[hook])

    stack = synthesize(tmp_path, define)
    (table,) = [name for name, one in stack.resources.items() if one["Type"] == "AWS::DynamoDB::Table"]
    functions = [one for name, one in stack.resources.items() if "MigrationsFunction" in name]
    assert [one["Properties"]["Environment"]["Variables"]["BLUEGREEN_LEDGER"] for one in functions] == 2 * [
        {"Ref": table}
    ]
    names = [one["Properties"]["Family"] for one in stack.of_type("AWS::ECS::TaskDefinition")]
    assert len(set(names)) == 4


def test_a_table_of_somebody_elses_can_be_the_ledger(tmp_path: Path) -> None:
    """An imported table is used as it is, and its key may be used."""

    def define(stack: cdk.Stack) -> None:
        table = dynamodb.Table.from_table_attributes(
            stack, "Table", table_name="releases", encryption_key=kms.Key(stack, "Key")
        )
        add_migrating_service(stack, hooks=[migrations(stack, ledger=ReleaseLedger(stack, "Ledger", table=table))])

    stack = synthesize(tmp_path, define)
    assert not stack.of_type("AWS::DynamoDB::Table")
    (function,) = [one for one in stack.under(HERE).values() if one["Type"] == "AWS::Lambda::Function"]
    assert function["Properties"]["Environment"]["Variables"]["BLUEGREEN_LEDGER"] == "releases"
    assert "kms:Decrypt" in actions(stack.statements("OrdersMigrationsRole"))


def test_the_database_lets_the_migrations_in(shop: Synthesized) -> None:
    """One rule, of the service's stack, from the task's own group to the database's port."""
    (rule,) = [one for one in shop.under(HERE).values() if one["Type"] == "AWS::EC2::SecurityGroupIngress"]
    (group,) = [name for name, one in shop.under(HERE).items() if one["Type"] == "AWS::EC2::SecurityGroup"]
    assert rule["Properties"] == {
        "Description": "The migrations",
        "GroupId": "sg-0fedcba9876543210",
        "SourceSecurityGroupId": {"Fn::GetAtt": [group, "GroupId"]},
        "IpProtocol": "tcp",
        "FromPort": 5432,
        "ToPort": 5432,
    }


def test_what_was_made_for_a_service_can_be_reached(tmp_path: Path) -> None:
    """The hook gives the task's security group, for what else must let it in."""

    def define(stack: cdk.Stack) -> None:
        hook = migrations(stack)
        service = add_migrating_service(stack, hooks=[hook, SmokeTests(HttpCheck("/"))])
        cdk.CfnOutput(stack, "Group", value=hook.of(service).security_group.security_group_id)

    group = synthesize(tmp_path, define).template["Outputs"]["Group"]["Value"]["Fn::GetAtt"][0]
    assert group.startswith("OrdersMigrationsTaskSecurityGroup")


def test_in_a_nested_stack_names_are_made_from_its_id(tmp_path: Path) -> None:
    """Its machine and family are named after the nested stack, which nobody knows at synth; the ledger is shared."""

    def define(stack: cdk.Stack) -> None:
        hook = migrations(stack)
        for name in ("Inner", "Other"):
            add_migrating_service(cdk.NestedStack(stack, name), hooks=[hook])

    outer = synthesize(tmp_path, define)
    assert len(outer.of_type("AWS::DynamoDB::Table")) == 1
    guid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    paths = sorted(tmp_path.glob("*nested*.template.json"))
    assert len(paths) == 2
    for path in paths:
        inner = Synthesized(json.loads(path.read_text()))
        assert not inner.of_type("AWS::DynamoDB::Table")
        assert task_definition(inner)["Family"] == {"Fn::Join": ["", [guid, "-Orders-Migrations-Task"]]}
        (machine,) = [one for one in inner.under(HERE).values() if one["Type"] == "AWS::StepFunctions::StateMachine"]
        assert machine["Properties"]["StateMachineName"] == {"Fn::Join": ["", [guid, "-Orders-Migrations"]]}


def test_stacks_that_share_a_database_can_share_a_ledger(tmp_path: Path) -> None:
    """A ledger of one stack that is given to another's migrations is imported there, and there is no second one."""
    app = cdk.App(outdir=str(tmp_path))
    first, second = (cdk.Stack(app, name) for name in ("First", "Second"))
    ledger = ReleaseLedger.of(first)
    add_migrating_service(second, hooks=[migrations(second, ledger=ledger)])
    app.synth()
    stack = Synthesized(json.loads((tmp_path / "Second.template.json").read_text()))
    assert not stack.of_type("AWS::DynamoDB::Table")
    (function,) = [one for one in stack.under(HERE).values() if one["Type"] == "AWS::Lambda::Function"]
    assert "First:" in json.dumps(function["Properties"]["Environment"]["Variables"]["BLUEGREEN_LEDGER"])


def test_a_contract_of_another_version_is_stated_and_left_to_the_function(tmp_path: Path) -> None:
    """It is inert: the function compares the versions, as it is told both."""

    def define(stack: cdk.Stack) -> None:
        contract = ContractRelease(version="v9", reason="no version since v8 reads it")
        add_migrating_service(stack, version="v10", hooks=[migrations(stack, contract=contract)])

    stack = synthesize(tmp_path, define)
    (function,) = [one for one in stack.under(HERE).values() if one["Type"] == "AWS::Lambda::Function"]
    variables = function["Properties"]["Environment"]["Variables"]
    assert variables["BLUEGREEN_VERSION"] == "v10"
    assert settings_of(stack)["contract"]["version"] == "v9"


def test_a_database_without_security_groups_is_left_to_its_owner(tmp_path: Path) -> None:
    """Where the instance's groups are not known, no rule is made, and the group can still be let in."""

    def define(stack: cdk.Stack) -> None:
        imported_database(stack)
        bare = cdk.aws_rds.DatabaseInstance.from_database_instance_attributes(
            stack, "Bare", instance_identifier="b", instance_endpoint_address="b", port=5432, security_groups=[]
        )
        secret = secretsmanager.Secret(stack, "Secret")
        hook = AlembicMigrations(bare, {"PASSWORD": ecs.Secret.from_secrets_manager(secret)})
        add_migrating_service(stack, hooks=[hook])

    stack = synthesize(tmp_path, define)
    assert not [one for one in stack.under(HERE).values() if one["Type"] == "AWS::EC2::SecurityGroupIngress"]
