"""ECS Exec: off unless asked for, encrypted, recorded and told."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms

from bluegreen.cdk import Container
from bluegreen.cdk.exec_command import ExecCommand
from bluegreen.cdk.watching import Severity
from tests.cdk.support import Synthesized, actions, add_service, imported_vpc, synthesize

WRITABLE = Container(read_only_root_filesystem=False)


def define(stack: cdk.Stack, *, container: Container = WRITABLE, recorded: bool = True, **settings: Any) -> ExecCommand:
    exec_command = ExecCommand(stack, "ExecCommand", key=kms.Key(stack, "Key"), **settings)
    cluster = ecs.Cluster(
        stack,
        "Cluster",
        vpc=imported_vpc(stack),
        execute_command_configuration=exec_command.configuration if recorded else None,
    )
    add_service(stack, cluster=cluster, container=container, exec_command=exec_command)
    return exec_command


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A service that may be entered."""
    return synthesize(tmp_path_factory.mktemp("shop"), define)


def test_nobody_enters_unless_asked_for(tmp_path: Path) -> None:
    """Without exec_command the service does not state it, and the tasks may open no channel."""
    stack = synthesize(tmp_path, add_service)
    assert "EnableExecuteCommand" not in stack.one("AWS::ECS::Service")["Properties"]
    assert not stack.statements("OrdersTaskTaskRole")


def test_the_service_is_created_with_it(shop: Synthesized) -> None:
    """ECS takes it at the service's creation only, so a later change is refused before anything else is touched."""
    assert shop.one("AWS::ECS::Service")["Properties"]["EnableExecuteCommand"] is True
    assert shop.one("Custom::DeployedState")["Properties"]["Fixed"]["ExecuteCommand"] == "enabled"


def test_sessions_are_encrypted_and_recorded(shop: Synthesized) -> None:
    """The cluster encrypts sessions with the key and writes them, encrypted, to a log group that is kept."""
    found = shop.one("AWS::ECS::Cluster")["Properties"]["Configuration"]["ExecuteCommandConfiguration"]
    assert found["Logging"] == "OVERRIDE"
    assert found["KmsKeyId"]["Fn::GetAtt"][0].startswith("Key")
    assert found["LogConfiguration"]["CloudWatchEncryptionEnabled"] is True
    group = shop.resources[found["LogConfiguration"]["CloudWatchLogGroupName"]["Ref"]]
    assert group["Properties"]["KmsKeyId"]
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_task_may_open_channels_and_write_the_record(shop: Synthesized) -> None:
    """The tasks get what the agent needs, and no more."""
    assert actions(shop.statements("OrdersTaskTaskRole")) == {
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "kms:Decrypt",
    }


def test_closing_takes_the_permissions_and_changes_no_service(shop: Synthesized, tmp_path: Path) -> None:
    """A service that was created with it can be closed at any time: its rendered properties stay the same."""
    closed = synthesize(tmp_path, lambda stack: define(stack, open=False))
    assert not closed.statements("OrdersTaskTaskRole")
    assert closed.one("AWS::ECS::Service") == shop.one("AWS::ECS::Service")
    assert closed.one("Custom::DeployedState") == shop.one("Custom::DeployedState")


def test_who_ran_a_command_is_recorded_and_told(shop: Synthesized, tmp_path: Path) -> None:
    """Each ExecuteCommand that CloudTrail saw goes to the same log group, and raises an alert."""
    rule = shop.one("AWS::Events::Rule", Description="Records who runs commands in containers")["Properties"]
    assert rule["EventPattern"]["detail"]["eventName"] == ["ExecuteCommand"]
    assert rule["Targets"][0]["Arn"]["Fn::GetAtt"][0].startswith("ExecCommandLogGroup")
    alarm = shop.one("AWS::CloudWatch::Alarm", MetricName="TriggeredRules")["Properties"]
    assert alarm["AlarmDescription"].endswith("docs/runbooks.md#somebody-ran-commands-in-a-container")
    found: list[ExecCommand] = []
    synthesize(tmp_path, lambda stack: found.append(define(stack)))
    assert [alert.severity for alert in found[0].alerts] == [Severity.INFO]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"recorded": False}, "cluster must record the sessions"),
        ({"container": Container()}, "writable root file system for exec_command"),
    ],
)
def test_a_way_in_that_cannot_work_or_leaves_no_record_is_refused(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """A cluster without the configuration and a container that the agent cannot write to are refused."""
    with pytest.raises(ValueError, match=message):
        synthesize(tmp_path, lambda stack: define(stack, **settings))
