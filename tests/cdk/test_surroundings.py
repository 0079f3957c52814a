"""Services in every kind of stack, beside each other, and with parts that somebody else owns."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk import (
    BlueGreenService,
    BoundHook,
    Container,
    HttpCheck,
    RollbackPolicy,
    Rollout,
    SecretHeader,
    SmokeTests,
)
from bluegreen.release.lifecycle import HOOKABLE, LifecycleEvent
from tests.cdk.support import (
    PUBLIC_SUBNETS,
    SHARED_LOAD_BALANCER,
    Synthesized,
    actions,
    add_service,
    image,
    imported_cluster,
    imported_vpc,
    migrations,
    synthesize,
)


def templates(folder: Path) -> dict[str, Any]:
    return {path.name: json.loads(path.read_text()) for path in sorted(folder.rglob("*.template.json"))}


def test_many_services_share_one_provider(tmp_path: Path) -> None:
    """A stack has one function and one state machine for releases, whose role names each service."""
    stack = synthesize(tmp_path, lambda stack: [add_service(stack, name) for name in ("Orders", "Carts", "Users")])
    assert len(stack.of_type("AWS::Lambda::Function")) == 1
    assert len(stack.of_type("AWS::StepFunctions::StateMachine")) == 1
    releases = stack.of_type("Custom::Release")
    assert len(releases) == 3
    assert len({json.dumps(release["Properties"]["ServiceToken"]) for release in releases}) == 1
    creating = [one for one in stack.statements("BlueGreen") if "codedeploy:CreateDeployment" in one["Action"]]
    assert json.dumps(creating).count("/release") == 3


def test_tasks_are_listed_and_described_in_the_services_clusters_only(tmp_path: Path) -> None:
    """Listing is bound to the clusters by its condition key, describing by the tasks' ARNs; each cluster once."""

    def define(stack: cdk.Stack) -> None:
        vpc = imported_vpc(stack)
        shared, own = (
            ecs.Cluster.from_cluster_attributes(stack, name, cluster_name=name, vpc=vpc) for name in ("shared", "own")
        )
        for name, cluster in (("One", shared), ("Two", shared), ("Three", own)):
            add_service(stack, name, cluster=cluster)

    statements = deployed(synthesize(tmp_path, define).statements("BlueGreenReleaseProvider"))
    prefix = "arn:aws:ecs:ap-southeast-2:111122223333"
    listing = [one for one in statements if "ecs:ListTasks" in one["Action"]]
    assert listing == [
        {
            "Effect": "Allow",
            "Action": "ecs:ListTasks",
            "Resource": "*",
            "Condition": {"ArnEquals": {"ecs:cluster": [f"{prefix}:cluster/{name}"]}},
        }
        for name in ("shared", "own")
    ]
    describing = [one["Resource"] for one in statements if one["Action"] == "ecs:DescribeTasks"]
    assert describing == [f"{prefix}:task/shared/*", f"{prefix}:task/own/*"]


def test_the_role_of_releases_fits_as_many_services_as_a_stack(tmp_path: Path) -> None:
    """With sixteen services, each policy of the role is below IAM's limit, were every name 50 characters long."""
    tests = SmokeTests(HttpCheck("/"))
    names = [f"Service{number}" for number in range(16)]
    stack = synthesize(tmp_path, lambda stack: [add_service(stack, name, hooks=[tests]) for name in names])
    assert len(stack.resources) <= 500
    role = stack.under("BlueGreenReleaseProviderRole")
    policies = stack.of_type("AWS::IAM::ManagedPolicy")
    assert size([statement for one in role.values() for statement in statements_of(one)]) < 10_240
    assert len(policies) <= MOST_POLICIES_OF_A_ROLE
    assert all(size(statements_of(policy)) < 6_144 for policy in policies)


def test_a_policy_has_room_for_a_hook_at_every_step(tmp_path: Path) -> None:
    """Two services with six hooks each share one policy of at most 6,144 characters."""

    def define(stack: cdk.Stack) -> None:
        topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))
        for name in ("Orders", "Carts"):
            add_service(stack, name, hooks=[AtEvent(event) for event in HOOKABLE], notifications=topic)

    (policy,) = synthesize(tmp_path, define).of_type("AWS::IAM::ManagedPolicy")
    assert 4_000 < size(statements_of(policy)) < 6_144


MOST_POLICIES_OF_A_ROLE = 10


class AtEvent:
    """A hook that is only there."""

    def __init__(self, event: LifecycleEvent) -> None:
        self.event = event

    def bind(self, service: BlueGreenService) -> BoundHook:
        """Bind a function that somebody else owns."""
        scope = Construct(service, self.event.value)
        return BoundHook(
            event=self.event,
            function=lambda_.Function.from_function_name(scope, "Function", f"CodeDeployHook_{self.event.value}"),
            log_group=logs.LogGroup.from_log_group_name(scope, "Log", f"/aws/lambda/{scope.node.path}{'x' * 50}"[:75]),
            longest_seconds=60,
        )


def statements_of(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    return [statement for document in documents for statement in document["Statement"]]


def size(statements: list[dict[str, Any]]) -> int:
    return len(json.dumps({"Version": "2012-10-17", "Statement": deployed(statements)}, separators=(",", ":")))


def deployed(value: Any) -> Any:
    """Put plausible values in the place of references."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return separator.join(deployed(part) for part in parts)
        case {"Ref": str(name)}:
            return _reference(name)
        case {"Fn::GetAtt": [_, attribute]}:
            return ("arn:aws:logs:ap-southeast-2:111122223333:log-group:" if attribute == "Arn" else "") + "x" * 50
        case dict():
            return {key: deployed(item) for key, item in value.items()}
        case list():
            return [deployed(item) for item in value]
    return value


def _reference(name: str) -> str:
    pseudo = {"AWS::Partition": "aws", "AWS::Region": "ap-southeast-2", "AWS::AccountId": "111122223333"}
    if "Traffic" not in name:
        return pseudo.get(name, "x" * 50)
    kind = "listener/app" if "Listener" in name else "targetgroup"
    arn = f"arn:aws:elasticloadbalancing:ap-southeast-2:111122223333:{kind}/{'x' * 32}/{'0' * 16}"
    return f"{arn}/{'0' * 16}" if "Listener" in name else arn


def test_a_nested_stack_has_names_of_its_own(tmp_path: Path) -> None:
    """In a nested stack, whose name nobody knows at synth, names are made from its id."""

    def define(stack: cdk.Stack) -> None:
        add_service(cdk.NestedStack(stack, "Inner"))

    synthesize(tmp_path, define)
    (nested,) = [template for name, template in templates(tmp_path).items() if "nested" in name]
    inner = Synthesized(nested)
    family = inner.one("AWS::ECS::TaskDefinition")["Properties"]["Family"]
    guid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert family == {"Fn::Join": ["", [guid, "-Orders-Task"]]}
    assert inner.one("AWS::ECS::Service")["Properties"]["TaskDefinition"] == family
    assert inner.one("Custom::Release")


def test_a_stage_is_a_place_like_any_other(tmp_path: Path) -> None:
    """In two stages of one app, each stack has its own names."""
    app = cdk.App(outdir=str(tmp_path))
    for name in ("Staging", "Production"):
        add_service(cdk.Stack(cdk.Stage(app, name), "Shop"))
    app.synth()
    families = [
        Synthesized(template).one("AWS::ECS::TaskDefinition")["Properties"]["Family"]
        for template in templates(tmp_path).values()
    ]
    assert families == ["Production-Shop-Orders-Task", "Staging-Shop-Orders-Task"]


def test_long_names_are_cut_and_stay_different(tmp_path: Path) -> None:
    """A name that a service does not allow is cut and ends in a hash of the whole."""
    app = cdk.App(outdir=str(tmp_path))
    for letter in "ab":
        add_service(cdk.Stack(app, f"Stack{letter}", stack_name=f"{'x' * 120}{letter}"))
    app.synth()
    names = [
        Synthesized(template).one("AWS::StepFunctions::StateMachine")["Properties"]["StateMachineName"]
        for template in templates(tmp_path).values()
    ]
    assert all(len(name) == 80 for name in names)
    assert len(set(names)) == 2


def test_a_cluster_of_another_stack_can_be_used(tmp_path: Path) -> None:
    """The cluster and its VPC may come from another stack."""
    app = cdk.App(outdir=str(tmp_path))
    base = cdk.Stack(app, "Base")
    cluster = ecs.Cluster(base, "Cluster", vpc=ec2.Vpc(base, "Vpc", max_azs=2, nat_gateways=1))
    add_service(cdk.Stack(app, "Shop"), cluster=cluster)
    app.synth()
    shop = Synthesized(templates(tmp_path)["Shop.template.json"])
    assert "Fn::ImportValue" in json.dumps(shop.one("Custom::Release")["Properties"]["Cluster"])


def test_a_shared_load_balancer_gets_listeners_only(tmp_path: Path) -> None:
    """With a load balancer from elsewhere the service adds two listeners on ports of its own."""
    arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shared/0123456789abcdef"

    def define(stack: cdk.Stack) -> None:
        cluster = imported_cluster(stack)
        shared = elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
            stack,
            "Shared",
            load_balancer_arn=arn,
            load_balancer_dns_name="shared.example.com",
            security_group_id="sg-0123456789abcdef0",
            security_group_allows_all_outbound=False,
            vpc=cluster.vpc,
        )
        hooks = [SmokeTests(HttpCheck("/"))]
        service = add_service(
            stack, cluster=cluster, load_balancer=shared, hooks=hooks, production_port=8001, test_port=9001
        )
        stack.export_value(service.traffic.load_balancer_full_name, name="FullName")

    stack = synthesize(tmp_path, define)
    assert not stack.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer")
    ports = {one["Properties"]["Port"] for one in stack.of_type("AWS::ElasticLoadBalancingV2::Listener")}
    assert ports == {8001, 9001}
    opened = {
        one["Properties"]["FromPort"]: one["Properties"] for one in stack.of_type("AWS::EC2::SecurityGroupIngress")
    }
    assert set(opened) == {8001, 9001}
    assert opened[9001]["GroupId"] == "sg-0123456789abcdef0"
    assert "SourceSecurityGroupId" in opened[9001]
    (name,) = [output["Value"] for output in stack.template["Outputs"].values()]
    assert name == "app/shared/0123456789abcdef"


def test_the_group_of_a_shared_load_balancer_reaches_the_tasks_whatever_its_id_looks_like(tmp_path: Path) -> None:
    """The tasks' own group lets it in by a rule inside it, also by a short id as tests make them up."""

    def define(stack: cdk.Stack) -> None:
        shared = elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
            stack, "Shared", load_balancer_arn=SHARED_LOAD_BALANCER, security_group_id="sg-12345"
        )
        add_service(stack, load_balancer=shared, production_port=8001, test_port=9001)

    group = synthesize(tmp_path, define).one("AWS::EC2::SecurityGroup", GroupDescription="The tasks")
    (rule,) = group["Properties"]["SecurityGroupIngress"]
    assert rule["SourceSecurityGroupId"] == "sg-12345"


def test_parts_from_elsewhere_are_used_as_they_are(tmp_path: Path) -> None:
    """Roles, log group, security groups, subnets and alarms that are given are not made again."""

    def define(stack: cdk.Stack) -> None:
        vpc = imported_vpc(stack)
        cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="shop", vpc=vpc)
        alarm = cloudwatch.Alarm.from_alarm_arn(
            stack, "Alarm", "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:payments"
        )
        add_service(
            stack,
            cluster=cluster,
            task_role=iam.Role.from_role_name(stack, "TaskRole", "task"),
            execution_role=iam.Role.from_role_name(stack, "ExecutionRole", "execution"),
            log_group=logs.LogGroup.from_log_group_name(stack, "Log", "shop"),
            security_groups=[ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-0fedcba9876543210")],
            subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            assign_public_ip=True,
            rollback=RollbackPolicy(alarms=[alarm]),
        )

    stack = synthesize(tmp_path, define)
    own = stack.under("Orders")
    assert [one["Type"] for one in own.values()].count("AWS::IAM::Role") == 1
    assert "AWS::Logs::LogGroup" not in {one["Type"] for one in own.values()}
    network = stack.one("Custom::Release")["Properties"]["NetworkConfiguration"]
    assert network["Subnets"] == PUBLIC_SUBNETS
    assert network["SecurityGroups"][1] == "sg-0fedcba9876543210"
    assert network["AssignPublicIp"] == "ENABLED"
    alarms = stack.one("AWS::CodeDeploy::DeploymentGroup")["Properties"]["AlarmConfiguration"]["Alarms"]
    assert {"Name": "payments"} in alarms


def test_an_internal_service_is_closed_until_it_is_opened(tmp_path: Path) -> None:
    """With public=False the load balancer is internal and lets nobody in; `connections` then opens it."""

    def define(stack: cdk.Stack) -> None:
        add_service(stack, "Closed", public=False)
        opened = add_service(stack, "Opened", public=False)
        opened.load_balancer.connections.allow_from(ec2.Peer.ipv4("10.0.0.0/8"), ec2.Port.tcp(80))

    stack = synthesize(tmp_path, define)
    groups = {
        name: one["Properties"].get("SecurityGroupIngress", [])
        for name, one in stack.resources.items()
        if one["Type"] == "AWS::EC2::SecurityGroup" and "Traffic" in name
    }
    assert {name[:6]: [rule["CidrIp"] for rule in rules] for name, rules in groups.items()} == {
        "Closed": [],
        "Opened": ["10.0.0.0/8"],
    }
    schemes = {one["Properties"]["Scheme"] for one in stack.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer")}
    assert schemes == {"internal"}


def test_grants_and_connections_are_the_tasks(tmp_path: Path) -> None:
    """What is granted to the service reaches the application's role, and what lets the service in lets its tasks in."""

    def define(stack: cdk.Stack) -> None:
        service = add_service(stack)
        s3.Bucket(stack, "Bucket").grant_read(service)
        database = ec2.SecurityGroup(stack, "Database", vpc=service.cluster.vpc)
        database.connections.allow_from(service, ec2.Port.tcp(5432))

    stack = synthesize(tmp_path, define)
    assert "s3:GetObject*" in actions(stack.statements("OrdersTaskTaskRole"))
    (rule,) = stack.of_type("AWS::EC2::SecurityGroupIngress")
    assert "OrdersSecurityGroup" in json.dumps(rule["Properties"]["SourceSecurityGroupId"])


def test_an_own_plan_has_a_name_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A plan that AWS has not predefined is a configuration whose name changes with its content, and only with it."""

    def name_of(rollout: Rollout) -> str:
        stack = synthesize(tmp_path_factory.mktemp("plan"), lambda stack: add_service(stack, rollout=rollout))
        config = stack.one("AWS::CodeDeploy::DeploymentConfig")["Properties"]
        assert len(config["DeploymentConfigName"]) <= 100
        return str(config["DeploymentConfigName"])

    first = name_of(Rollout.canary(20, 10))
    assert first == name_of(Rollout.canary(20, 10, keep_previous_minutes=5))
    assert len({first, name_of(Rollout.canary(20, 11)), name_of(Rollout.linear(20, 5))}) == 3


def test_an_approval_stops_what_nobody_continues(tmp_path: Path) -> None:
    """With an approval wait CodeDeploy holds the tested candidate and stops it when the wait is over."""
    rollout = Rollout.all_at_once(approval_wait_minutes=20, keep_previous_minutes=0)
    stack = synthesize(tmp_path, lambda stack: add_service(stack, rollout=rollout, rollback=RollbackPolicy.none()))
    group = stack.one("AWS::CodeDeploy::DeploymentGroup")["Properties"]
    ready = group["BlueGreenDeploymentConfiguration"]["DeploymentReadyOption"]
    assert ready == {"ActionOnTimeout": "STOP_DEPLOYMENT", "WaitTimeInMinutes": 20}
    assert group["DeploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert "AlarmConfiguration" not in group
    assert "DEPLOYMENT_STOP_ON_ALARM" not in group["AutoRollbackConfiguration"]["Events"]


def test_an_image_that_wants_root_can_have_it(tmp_path: Path) -> None:
    """Each restriction of the container can be lifted by itself."""
    loose = Container(user=None, read_only_root_filesystem=False, writable_paths=["/tmp", "/var/run"])
    stack = synthesize(tmp_path, lambda stack: add_service(stack, container=loose))
    (container,) = stack.one("AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert "User" not in container
    assert container["ReadonlyRootFilesystem"] is False
    assert not container["LinuxParameters"]["Capabilities"]
    assert [mount["ContainerPath"] for mount in container["MountPoints"]] == ["/tmp", "/var/run"]


def test_a_log_key_lets_the_logs_service_use_it(tmp_path: Path) -> None:
    """A key given for the log encrypts every log group of the service, and is allowed to CloudWatch Logs for that."""

    def define(stack: cdk.Stack) -> None:
        hooks = [migrations(stack), SmokeTests(HttpCheck("/health"))]
        add_service(stack, log_encryption_key=kms.Key(stack, "Key"), hooks=hooks)

    stack = synthesize(tmp_path, define)
    keys = [group["Properties"].get("KmsKeyId") for group in stack.of_type("AWS::Logs::LogGroup")]
    assert keys == 5 * [{"Fn::GetAtt": ["Key961B73FD", "Arn"]}]
    assert "logs." in json.dumps(stack.one("AWS::KMS::Key")["Properties"]["KeyPolicy"])


def test_smoke_tests_read_only_the_secrets_they_name(tmp_path: Path) -> None:
    """A header from a secret lets the function read that secret, and puts no value into the template."""

    def define(stack: cdk.Stack) -> None:
        secret = secretsmanager.Secret(stack, "ApiKey")
        check = HttpCheck("/orders", headers={"X-Api-Key": SecretHeader(secret, "key"), "Accept": "text/html"})
        add_service(stack, hooks=[SmokeTests(check)])

    stack = synthesize(tmp_path, define)
    reading = [one for one in stack.statements("OrdersSmokeTests") if "secretsmanager:GetSecretValue" in one["Action"]]
    assert len(reading) == 1
    assert "ApiKey" in json.dumps(reading[0]["Resource"])


def test_versions_come_from_the_image_when_they_can() -> None:
    """The tag, or the beginning of the digest, is the version's label; without either it is unversioned."""
    stack = cdk.Stack(cdk.App(), "Shop")
    registry = ecs.ContainerImage.from_registry
    versions = [
        add_service(stack, "Tag", image=image("2026.7.1")).version,
        add_service(stack, "Digest", image=registry(f"example.com/orders@sha256:{'0123456789ab' * 5}cdef")).version,
        add_service(stack, "Neither", image=registry("example.com:5000/orders")).version,
        add_service(stack, "Given", version="blue moon").version,
    ]
    assert versions == ["2026.7.1", "0123456789ab", "unversioned", "blue moon"]
