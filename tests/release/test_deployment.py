import json

import pytest

from bluegreen.release.appspec import AppSpec, Network, task_definition_in
from bluegreen.release.deployment import ACTIVE, Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.hook_log import filter_pattern, reason_in, verdict_line
from bluegreen.release.lifecycle import HOOKABLE, LifecycleEvent, hooks_in_order

ORDER = [event.value for event in LifecycleEvent]


def steps(last: str, status: StepStatus, after: StepStatus = StepStatus.PENDING) -> tuple[Step, ...]:
    """All lifecycle events: those before `last` succeeded, `last` has `status`, those behind it have `after`."""
    at = ORDER.index(last)
    return tuple(
        Step(event, StepStatus.SUCCEEDED if index < at else status if index == at else after)
        for index, event in enumerate(ORDER)
    )


@pytest.mark.parametrize(
    ("status", "made", "waiting", "passed"),
    [
        (DeploymentStatus.SUCCEEDED, (), False, True),
        (DeploymentStatus.IN_PROGRESS, steps("AfterAllowTraffic", StepStatus.SUCCEEDED), False, True),
        (DeploymentStatus.IN_PROGRESS, steps("AfterAllowTraffic", StepStatus.SKIPPED), False, True),
        (DeploymentStatus.IN_PROGRESS, steps("AfterAllowTraffic", StepStatus.IN_PROGRESS), False, False),
        (DeploymentStatus.IN_PROGRESS, steps("AfterAllowTraffic", StepStatus.IN_PROGRESS), True, False),
        (DeploymentStatus.IN_PROGRESS, steps("AllowTraffic", StepStatus.SUCCEEDED), False, False),
        (DeploymentStatus.IN_PROGRESS, steps("AllowTraffic", StepStatus.SUCCEEDED)[:-1], True, True),
        (DeploymentStatus.IN_PROGRESS, steps("AllowTraffic", StepStatus.SUCCEEDED)[:-1], False, False),
        (DeploymentStatus.IN_PROGRESS, steps("AllowTraffic", StepStatus.FAILED, StepStatus.SKIPPED), False, False),
        (DeploymentStatus.IN_PROGRESS, (), False, False),
        (DeploymentStatus.READY, steps("BeforeAllowTraffic", StepStatus.SUCCEEDED), False, False),
        (DeploymentStatus.FAILED, steps("AfterAllowTraffic", StepStatus.SUCCEEDED), True, False),
        (DeploymentStatus.STOPPED, steps("AfterAllowTraffic", StepStatus.SUCCEEDED), True, False),
    ],
)
def test_a_deployment_has_passed_once_its_last_hook_has(
    *, status: DeploymentStatus, made: tuple[Step, ...], waiting: bool, passed: bool
) -> None:
    """Passed means that all traffic moved and the last hook passed, whether or not old tasks are still kept."""
    deployment = Deployment(id="d-1", status=status, steps=made, termination_wait_started=waiting)
    assert deployment.passed is passed


@pytest.mark.parametrize(
    ("made", "touched"),
    [
        (steps("BeforeInstall", StepStatus.FAILED, StepStatus.SKIPPED), False),
        (steps("BeforeInstall", StepStatus.IN_PROGRESS), False),
        (steps("Install", StepStatus.FAILED, StepStatus.SKIPPED), True),
        (steps("AllowTraffic", StepStatus.FAILED, StepStatus.SKIPPED), True),
        ((), True),
    ],
)
def test_before_install_nothing_was_changed(*, made: tuple[Step, ...], touched: bool) -> None:
    """A deployment that never came to Install has nothing to roll back; when that is unknown, it may have."""
    deployment = Deployment(id="d-1", status=DeploymentStatus.FAILED, steps=made)
    assert deployment.may_have_changed_anything is touched


def test_a_status_unknown_today_counts_as_under_way() -> None:
    """A status that AWS adds later never makes a deployment look ended."""
    assert DeploymentStatus("Simmering") is DeploymentStatus.IN_PROGRESS
    assert StepStatus("Simmering") is StepStatus.UNKNOWN
    assert not Deployment(id="d-1", status=DeploymentStatus("Simmering")).ended


def test_active_and_ended_are_all_statuses_there_are() -> None:
    """The statuses asked for when looking for the active deployment leave out exactly the three ends."""
    assert {status.value for status in DeploymentStatus} - {status.value for status in ACTIVE} == {
        "Succeeded",
        "Failed",
        "Stopped",
    }


@pytest.mark.parametrize("message", [None, "", "The deployment timed out", "<b>bold</b>"])
def test_no_alarm_is_invented(message: str | None) -> None:
    """Only CodeDeploy's own sentence names alarms."""
    assert Deployment(id="d", status=DeploymentStatus.FAILED, error_message=message).alarms == ()


def test_a_hook_runs_only_where_codedeploy_runs_hooks() -> None:
    """Install, AllowTestTraffic and AllowTraffic are CodeDeploy's own work and carry no hook."""
    assert set(LifecycleEvent) - set(HOOKABLE) == {
        LifecycleEvent.INSTALL,
        LifecycleEvent.ALLOW_TEST_TRAFFIC,
        LifecycleEvent.ALLOW_TRAFFIC,
    }
    with pytest.raises(ValueError, match="got AllowTraffic, Deploy"):
        hooks_in_order({"AllowTraffic": "f", "Deploy": "f", "BeforeInstall": "f"})


def test_the_appspec_lists_its_hooks_in_the_order_in_which_they_run() -> None:
    """CodeDeploy reads the hooks as a list; ours is in lifecycle order however they were given."""
    spec = AppSpec(
        task_definition="arn:orders:7",
        container_name="orders",
        container_port=8080,
        platform_version="1.4.0",
        network=Network(subnets=("subnet-1",), security_groups=("sg-1",), assign_public_ip="DISABLED"),
        hooks={"AfterAllowTraffic": "arn:c", "BeforeInstall": "arn:a", "AfterAllowTestTraffic": "arn:b"},
    )
    assert json.loads(spec.to_json()) == {
        "version": 0.0,
        "Resources": [
            {
                "TargetService": {
                    "Type": "AWS::ECS::Service",
                    "Properties": {
                        "TaskDefinition": "arn:orders:7",
                        "LoadBalancerInfo": {"ContainerName": "orders", "ContainerPort": 8080},
                        "PlatformVersion": "1.4.0",
                        "NetworkConfiguration": {
                            "AwsvpcConfiguration": {
                                "Subnets": ["subnet-1"],
                                "SecurityGroups": ["sg-1"],
                                "AssignPublicIp": "DISABLED",
                            }
                        },
                    },
                }
            }
        ],
        "Hooks": [{"BeforeInstall": "arn:a"}, {"AfterAllowTestTraffic": "arn:b"}, {"AfterAllowTraffic": "arn:c"}],
    }


def test_an_appspec_leaves_out_what_was_not_given() -> None:
    """Without network, platform version and hooks, CodeDeploy keeps the service's own."""
    text = AppSpec(task_definition="t", container_name="c", container_port=1).to_json()
    assert not any(name in text for name in ("Network", "Platform", "Hooks"))


@pytest.mark.parametrize("content", ["", "version: 0.0", "[]", "{}", '{"Resources": []}', '{"Resources": [{}]}', "7"])
def test_a_foreign_appspec_names_no_task_definition(content: str) -> None:
    """An AppSpec in another form is not an error, only unknown."""
    assert task_definition_in(content) is None


@pytest.mark.parametrize(
    ("logged", "reason"),
    [
        (verdict_line("d-1", "Failed", "too slow: 9 ms"), "too slow: 9 ms"),
        (json.dumps({"level": "ERROR", "message": verdict_line("d-1", "Failed", 'said "no"')}), 'said "no"'),
        ("[ERROR] 2026-01-01T00:00:00Z r-1 " + verdict_line("d-1", "Failed", "no"), "no"),
        (verdict_line("d-1", "Succeeded", "3 checks passed"), None),
        (verdict_line("d-2", "Failed", "no"), None),
        ("[1, 2]", None),
        ('{"other": 1}', None),
        ("START RequestId", None),
    ],
)
def test_a_verdict_is_found_again_in_the_log(logged: str, reason: str | None) -> None:
    """The reason is read from plain text and from Lambda's JSON format, for its own deployment only."""
    assert reason_in(logged, "d-1") == reason


def test_the_filter_finds_the_line_that_is_logged() -> None:
    """The log is searched for a phrase that the logged line contains."""
    assert filter_pattern("d-1").strip('"') in verdict_line("d-1", "Failed", "no")
