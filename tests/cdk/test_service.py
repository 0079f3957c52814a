"""The safety rules of a whole service: HTTPS, smoke tests, everything else by default."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk.assertions import Annotations, Match

from bluegreen.cdk import HttpCheck, SmokeTests
from tests.cdk.support import PRIVATE_SUBNETS, Synthesized, actions, add_service, synthesize

CHECKS = (HttpCheck("/health/ready", json={"database": "up"}), HttpCheck("/login", status=401))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """One HTTPS service with smoke tests."""

    def define(stack: cdk.Stack) -> None:
        certificate = acm.Certificate(stack, "Certificate", domain_name="orders.example.com")
        tests = SmokeTests(*CHECKS)
        add_service(stack, certificate=certificate, domain_name="orders.example.com", hooks=[tests])

    return synthesize(tmp_path_factory.mktemp("shop"), define)


def logical_id(shop: Synthesized, type_name: str, part: str = "") -> str:
    (found,) = [name for name, resource in shop.resources.items() if resource["Type"] == type_name and part in name]
    return found


def test_codedeploy_controls_the_service(shop: Synthesized) -> None:
    """The service has the CODE_DEPLOY controller and no tasks: the release starts the first ones, and watches them."""
    service = shop.one("AWS::ECS::Service")["Properties"]
    assert service["DeploymentController"] == {"Type": "CODE_DEPLOY"}
    assert service["DesiredCount"] == 0


def test_the_service_waits_for_its_listeners(shop: Synthesized) -> None:
    """ECS refuses a target group that no listener uses, so both listeners come first."""
    after = shop.one("AWS::ECS::Service")["DependsOn"]
    assert logical_id(shop, "AWS::ElasticLoadBalancingV2::Listener", "Production") in after
    assert logical_id(shop, "AWS::ElasticLoadBalancingV2::Listener", "Test") in after


def test_task_definitions_and_the_log_are_retained(shop: Synthesized) -> None:
    """No revision is deregistered and no log lost, unless the stack could not even be created."""
    for retained in (
        shop.one("AWS::ECS::TaskDefinition"),
        shop.resources[logical_id(shop, "AWS::Logs::LogGroup", "Task")],
    ):
        assert retained["UpdateReplacePolicy"] == "Retain"
        assert retained["DeletionPolicy"] == "RetainExceptOnCreate"


def test_the_container_is_locked_down(shop: Synthesized) -> None:
    """The file system is read-only, the user is nobody, and no capability is left."""
    (container,) = shop.one("AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] == "1000:1000"
    assert container["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}, "InitProcessEnabled": True}
    assert container["DockerLabels"] == {"bluegreen.version": "v1"}


def test_the_test_listener_is_closed_to_the_world(shop: Synthesized) -> None:
    """Only the smoke tests' security group may reach port 8443; everybody may reach 443 and 80."""
    load_balancer = shop.one("AWS::EC2::SecurityGroup", GroupDescription="The load balancer")["Properties"]
    tester = logical_id(shop, "AWS::EC2::SecurityGroup", "SmokeTests")
    let_in = [(rule["FromPort"], rule["ToPort"], _who(rule)) for rule in load_balancer["SecurityGroupIngress"]]
    assert sorted(let_in) == [(80, 80, "0.0.0.0/0"), (443, 443, "0.0.0.0/0"), (8443, 8443, tester)]
    assert not shop.of_type("AWS::EC2::SecurityGroupIngress")


def _who(rule: dict[str, Any]) -> Any:
    return rule.get("CidrIp") or rule["SourceSecurityGroupId"]["Fn::GetAtt"][0]


def test_the_tasks_are_reached_through_the_load_balancer_only(shop: Synthesized) -> None:
    """The tasks let in the load balancer on every port, since two versions may listen on two, and nobody else."""
    (rule,) = shop.one("AWS::EC2::SecurityGroup", GroupDescription="The tasks")["Properties"]["SecurityGroupIngress"]
    load_balancer = logical_id(shop, "AWS::EC2::SecurityGroup", "Traffic")
    assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": [load_balancer, "GroupId"]}
    assert (rule["FromPort"], rule["ToPort"]) == (0, 65535)


def test_the_load_balancer_and_the_smoke_tests_reach_little(shop: Synthesized) -> None:
    """The load balancer reaches the tasks; the smoke tests reach the test listener and AWS's APIs over HTTPS."""
    reached = {rule["Properties"]["Description"] for rule in shop.of_type("AWS::EC2::SecurityGroupEgress")}
    assert reached == {"to the tasks", "to the test listener"}
    (api,) = shop.one("AWS::EC2::SecurityGroup", GroupDescription="Smoke tests")["Properties"]["SecurityGroupEgress"]
    assert (api["FromPort"], api["ToPort"]) == (443, 443)


def test_both_groups_are_attached_to_both_listeners(shop: Synthesized) -> None:
    """Each forward action keeps both groups, so that the idle one is checked, with the weights of the moment."""
    state = logical_id(shop, "Custom::DeployedState")
    groups = [logical_id(shop, "AWS::ElasticLoadBalancingV2::TargetGroup", colour) for colour in ("Blue", "Green")]
    for port, role in ((443, "Production"), (8443, "Test")):
        (action,) = shop.one("AWS::ElasticLoadBalancingV2::Listener", Port=port)["Properties"]["DefaultActions"]
        assert action["ForwardConfig"]["TargetGroups"] == [
            {"TargetGroupArn": {"Ref": groups[0]}, "Weight": {"Fn::GetAtt": [state, f"{role}Blue"]}},
            {"TargetGroupArn": {"Ref": groups[1]}, "Weight": {"Fn::GetAtt": [state, f"{role}Green"]}},
        ]


def test_tls_is_modern(shop: Synthesized) -> None:
    """Both listeners speak TLS 1.2 and 1.3 with the given certificate, and port 80 redirects."""
    for port in (443, 8443):
        listener = shop.one("AWS::ElasticLoadBalancingV2::Listener", Port=port)["Properties"]
        assert listener["Protocol"] == "HTTPS"
        assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
        assert listener["Certificates"]
    (redirect,) = shop.one("AWS::ElasticLoadBalancingV2::Listener", Port=80)["Properties"]["DefaultActions"]
    assert redirect["RedirectConfig"] == {"Port": "443", "Protocol": "HTTPS", "StatusCode": "HTTP_301"}


def test_the_redirect_waits_for_the_production_listener(shop: Synthesized) -> None:
    """A service that gains a certificate leaves port 80 before the redirect takes it."""
    redirect = shop.one("AWS::ElasticLoadBalancingV2::Listener", Port=80)
    assert logical_id(shop, "AWS::ElasticLoadBalancingV2::Listener", "Production") in redirect["DependsOn"]


def test_the_load_balancer_refuses_malformed_requests(shop: Synthesized) -> None:
    """Invalid headers are dropped, and requests that two parsers could read differently are refused."""
    attributes = shop.one("AWS::ElasticLoadBalancingV2::LoadBalancer")["Properties"]["LoadBalancerAttributes"]
    values = {attribute["Key"]: attribute["Value"] for attribute in attributes}
    assert values["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert values["routing.http.desync_mitigation_mode"] == "strictest"


def test_target_groups_state_only_what_never_changes(shop: Synthesized) -> None:
    """Health check and deregistration delay come with the release, so that none meets a version not made for it."""
    for group in shop.of_type("AWS::ElasticLoadBalancingV2::TargetGroup"):
        never = {"VpcId": "vpc-0123456789abcdef0", "Port": 80, "Protocol": "HTTP", "TargetType": "ip"}
        assert group["Properties"] == never


def test_health_checks_have_the_documented_defaults(shop: Synthesized) -> None:
    """A task is checked every 30 s, may take 5 s, and needs 2 good or 3 bad answers."""
    release = shop.one("Custom::Release")["Properties"]
    assert release["HealthCheck"] == {
        "Path": "/",
        "Matcher": "200",
        "IntervalSeconds": 30,
        "TimeoutSeconds": 5,
        "HealthyThreshold": 2,
        "UnhealthyThreshold": 3,
    }
    assert release["DeregistrationSeconds"] == 30


def test_failure_stop_and_alarm_roll_back(shop: Synthesized) -> None:
    """CodeDeploy rolls back on all three events, watches every alarm, and takes a failed poll for no good sign."""
    group = shop.one("AWS::CodeDeploy::DeploymentGroup")["Properties"]
    events = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"}
    assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert set(group["AutoRollbackConfiguration"]["Events"]) == events
    alarms = group["AlarmConfiguration"]
    assert alarms["Enabled"] is True
    assert alarms["IgnorePollAlarmFailure"] is False
    assert len(alarms["Alarms"]) == len(shop.of_type("AWS::CloudWatch::Alarm")) == 3


def test_the_previous_version_is_kept_for_an_hour(shop: Synthesized) -> None:
    """By default 10 % of the traffic moves, 15 minutes later the rest, and the way back stays open for 60 more."""
    group = shop.one("AWS::CodeDeploy::DeploymentGroup")["Properties"]
    assert group["DeploymentConfigName"] == "CodeDeployDefault.ECSCanary10Percent15Minutes"
    blue_green = group["BlueGreenDeploymentConfiguration"]
    assert blue_green["TerminateBlueInstancesOnDeploymentSuccess"] == {
        "Action": "TERMINATE",
        "TerminationWaitTimeInMinutes": 60,
    }
    assert blue_green["DeploymentReadyOption"]["ActionOnTimeout"] == "CONTINUE_DEPLOYMENT"


WHOLE_ACCOUNT = {
    # what AWS cannot narrow, with where that is said in the code
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "cloudwatch:DescribeAlarms",
    "codedeploy:StopDeployment",
    "codedeploy:ContinueDeployment",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:BatchGetDeploymentTargets",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "application-autoscaling:DescribeScalableTargets",
    "ecs:ListTasks",  # narrowed to the services' clusters by its condition; asserted in test_surroundings
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}


def test_no_role_may_do_everything(shop: Synthesized) -> None:
    """No statement has a wildcard action, and only what AWS cannot narrow is allowed on every resource."""
    statements = shop.statements("")
    assert statements
    assert not [action for action in actions(statements) if "*" in action]
    anywhere = [statement for statement in statements if statement["Resource"] == "*"]
    assert actions(anywhere) == WHOLE_ACCOUNT
    managed = [role["Properties"].get("ManagedPolicyArns") for role in shop.of_type("AWS::IAM::Role")]
    assert not any(managed)


def test_codedeploy_passes_only_the_two_task_roles(shop: Synthesized) -> None:
    """CodeDeploy hands the task and the execution role to ECS tasks, and to nothing else."""
    (passing,) = [one for one in shop.statements("Orders") if one["Action"] == "iam:PassRole"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    roles = {resource["Fn::GetAtt"][0] for resource in passing["Resource"]}
    assert roles == {logical_id(shop, "AWS::IAM::Role", part) for part in ("TaskRole", "ExecutionRole")}


def test_codedeploy_calls_only_this_services_hooks(shop: Synthesized) -> None:
    """CodeDeploy may invoke the smoke tests' function, and acts for this deployment group alone."""
    role = shop.resources[logical_id(shop, "AWS::IAM::Role", "Deployment")]["Properties"]
    (policy,) = role["Policies"]
    (invoking,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Action"] == "lambda:InvokeFunction"]
    function = logical_id(shop, "AWS::Lambda::Function", "SmokeTests")
    assert invoking["Resource"] == {"Fn::GetAtt": [function, "Arn"]}
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert "/release" in json.dumps(trust["Condition"]["ArnEquals"]["aws:SourceArn"])
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_the_smoke_tests_own_code_cannot_change_the_network(shop: Synthesized) -> None:
    """Lambda may attach the function to the VPC on its behalf; the function's code may only look."""
    statements = shop.statements("OrdersSmokeTests")
    (denied,) = [statement for statement in statements if statement["Effect"] == "Deny"]
    assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
    attaching = {action for action in actions(statements) if action.startswith("ec2:")}
    assert actions([denied]) == attaching - {"ec2:DescribeNetworkInterfaces"}


def test_the_functions_are_small_and_keep_their_logs_for_a_while(shop: Synthesized) -> None:
    """Every function runs on the newest runtime with at most 256 MB, logs JSON, and its log ends with the stack."""
    functions = shop.of_type("AWS::Lambda::Function")
    assert len(functions) == 2
    for function in functions:
        properties = function["Properties"]
        assert properties["Runtime"] == "python3.14"
        assert properties["MemorySize"] <= 256
        assert properties["Timeout"] <= 900
        assert "ReservedConcurrentExecutions" not in properties
        assert properties["LoggingConfig"]["LogFormat"] == "JSON"
        log_group = shop.resources[properties["LoggingConfig"]["LogGroup"]["Ref"]]
        assert log_group["Properties"]["RetentionInDays"] == 30
        assert log_group["DeletionPolicy"] == "Delete"


def test_the_smoke_tests_know_what_to_ask_and_whom(shop: Synthesized) -> None:
    """The function gets the checks, the load balancer, the port, the scheme and the name to verify."""
    function = shop.resources[logical_id(shop, "AWS::Lambda::Function", "SmokeTests")]["Properties"]
    variables = function["Environment"]["Variables"]
    assert [HttpCheck.from_dict(check) for check in json.loads(variables["BLUEGREEN_CHECKS"])] == list(CHECKS)
    load_balancer = logical_id(shop, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert variables["BLUEGREEN_LOAD_BALANCER"] == {"Fn::GetAtt": [load_balancer, "LoadBalancerFullName"]}
    assert variables["BLUEGREEN_TEST_PORT"] == "8443"
    assert variables["BLUEGREEN_SCHEME"] == "https"
    assert variables["BLUEGREEN_HOST"] == "orders.example.com"
    assert function["Timeout"] >= sum(check.longest_seconds for check in CHECKS) + 40


def test_the_release_knows_the_service(shop: Synthesized) -> None:
    """Custom::Release carries exactly what its function reads."""
    properties = shop.one("Custom::Release")["Properties"]
    assert set(properties) == {
        "ServiceToken", "Application", "DeploymentGroup", "Cluster", "Service", "TaskDefinition", "ContainerName",
        "ContainerPort", "Version", "ProductionListener", "TestListener", "Listeners", "TargetGroups", "Hooks",
        "HookSeconds", "HookLogGroups", "LogGroup", "NetworkConfiguration", "PlatformVersion", "HealthCheck",
        "DeregistrationSeconds", "GraceSeconds", "StartSeconds", "MinTasks", "Alarms", "WhenBusy",
    }  # fmt: skip
    assert properties["TaskDefinition"] == {"Ref": logical_id(shop, "AWS::ECS::TaskDefinition")}
    assert properties["Version"] == "v1"
    assert set(properties["Hooks"]) == set(properties["HookLogGroups"]) == {"AfterAllowTestTraffic"}
    function = shop.resources[logical_id(shop, "AWS::Lambda::Function", "SmokeTests")]["Properties"]
    assert properties["HookSeconds"] == {"AfterAllowTestTraffic": function["Timeout"]}
    watched = shop.one("AWS::CodeDeploy::DeploymentGroup")["Properties"]["AlarmConfiguration"]["Alarms"]
    assert properties["Alarms"] == [alarm["Name"] for alarm in watched]
    assert (properties["StartSeconds"], properties["GraceSeconds"], properties["MinTasks"]) == (900, 120, 2)
    (container,) = shop.one("AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert properties["LogGroup"] == container["LogConfiguration"]["Options"]["awslogs-group"]
    assert properties["NetworkConfiguration"]["Subnets"] == PRIVATE_SUBNETS
    assert properties["NetworkConfiguration"]["AssignPublicIp"] == "DISABLED"


def test_the_release_comes_last(shop: Synthesized) -> None:
    """The release waits, directly or through others, for all of its service but the redirect and what scales it."""
    reached: set[str] = set()
    ahead = [logical_id(shop, "Custom::Release")]
    while ahead:
        name = ahead.pop()
        if name in shop.resources and name not in reached:
            reached.add(name)
            ahead += references(shop.resources[name])
    unreached = (set(shop.under("Orders")) | set(shop.under("BlueGreenReleaseProvider"))) - reached
    assert unreached == {
        logical_id(shop, "AWS::ElasticLoadBalancingV2::Listener", "Redirect"),
        *(name for name in shop.under("Orders") if name.startswith("OrdersScaling")),
    }


def test_nothing_starts_tasks_before_the_release(shop: Synthesized) -> None:
    """Scaling would raise the service to its minimum before its health check is set, so it waits for the release."""
    (target,) = shop.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
    assert logical_id(shop, "Custom::Release") in target["DependsOn"]
    assert shop.one("AWS::ECS::Service")["Properties"]["DesiredCount"] == 0


def references(value: Any) -> list[str]:
    """Return the logical ids that a part of a template waits for."""
    match value:
        case {"Ref": str(name)}:
            return [name]
        case {"Fn::GetAtt": [str(name), _]}:
            return [name]
        case dict():
            after = [value["DependsOn"]] if isinstance(value.get("DependsOn"), str) else value.get("DependsOn", [])
            return [*after, *(name for item in value.values() for name in references(item))]
        case list():
            return [name for item in value for name in references(item)]
    return []


def test_a_service_stays_small(shop: Synthesized) -> None:
    """HTTPS, smoke tests, alarms and scaling included, a service takes at most 32 of a stack's 500 resources."""
    assert len(shop.under("Orders")) <= 32
    assert len(shop.under("BlueGreenReleaseProvider")) == 8


def test_a_plain_service_warns_of_nothing() -> None:
    """Synthesis warns of nothing in a service of which nothing is wrong: what is always there is not read."""
    stack = cdk.Stack(cdk.App(), "Shop")
    add_service(stack, hooks=[SmokeTests(*CHECKS)])
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    assert [message.id for message in found if message.id.startswith("/Shop/Orders")] == []


def test_nothing_depends_on_the_account_or_region_at_synth(shop: Synthesized) -> None:
    """The stack names no account and no region, and no partition."""
    text = json.dumps({name: _plain(resource) for name, resource in shop.resources.items()})
    assert "arn:aws:" not in text
    assert "eu-west-1:" not in text


def _plain(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != "Metadata"}
