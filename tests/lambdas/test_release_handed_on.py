"""A release that outlives CloudFormation's hour, and what its owner is told."""

from typing import Any

import pytest

import cloudformation_answer
from release_progress import Progress
from tests.lambdas.release_world import (
    GREEN,
    NEW,
    START,
    TOPIC,
    advance,
    deployment,
    listener,
    request,
    service,
    take,
    target,
)

HANDED_ON = {"HandsOn": "true", "Notifications": TOPIC}
DAY = 24 * 3600


@pytest.fixture
def shifting(world: Any) -> Any:
    """The candidate is tested and its traffic begins to move."""
    world.answers |= {
        "codedeploy.get_deployment": deployment("InProgress"),
        "codedeploy.batch_get_deployment_targets": target(6, "InProgress"),
        "elbv2.describe_listeners": listener(90, 10),
    }
    return world


def following(**remembered: Any) -> dict[str, Any]:
    return {
        "request": request(**HANDED_ON),
        "progress": Progress(START, rolling_back=False, deployment_id="d-1", **remembered).to_dict(),
    }


def handed_on() -> dict[str, Any]:
    return following(handed_on_at=START + 60)


def released(world: Any) -> None:
    world.answers |= {
        "codedeploy.get_deployment": deployment("Succeeded"),
        "codedeploy.batch_get_deployment_targets": target(8),
        "elbv2.describe_listeners": listener(0, 100),
        "ecs.describe_services": service(NEW, GREEN),
    }


def test_a_release_is_handed_on_when_its_traffic_begins_to_move(shifting: Any, answers: Any) -> None:
    """CloudFormation is told once, the owner is told that it goes on, and the release is followed further."""
    state = advance(following())
    assert not state["done"]
    assert [status for status, *_ in answers] == ["SUCCESS"]
    state = advance(state)
    assert not state["done"]
    assert len(answers) == 1
    (published,) = shifting.called("sns.publish")
    assert published["TopicArn"] == TOPIC
    assert published["Subject"] == "orders: release of v2 goes on after cdk deploy"


def test_a_release_that_fits_is_not_handed_on(shifting: Any, answers: Any) -> None:
    """Without being asked, nothing is answered before the end."""
    state = following() | {"request": request(Notifications=TOPIC)}
    assert not advance(state)["done"]
    assert answers == []
    assert shifting.called("sns.publish") == []


def test_cloudformation_not_listening_just_now_hands_nothing_on(
    shifting: Any, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only an answer that got through hands a release on; until then it is given again."""
    told = cloudformation_answer.send

    def refuse(*_: Any, **_more: Any) -> None:
        raise cloudformation_answer.AnswerError("HTTP 503", final=False)

    monkeypatch.setattr(cloudformation_answer, "send", refuse)
    state = advance(following())
    assert state["progress"]["handed_on_at"] is None
    assert shifting.called("sns.publish") == []
    monkeypatch.setattr(cloudformation_answer, "send", told)
    assert advance(state)["progress"]["handed_on_at"] is not None
    assert len(answers) == 1


@pytest.mark.parametrize("good", [True, False])
def test_the_end_of_a_handed_on_release_is_published(world: Any, answers: Any, at: Any, *, good: bool) -> None:
    """However it ends, also after CloudFormation's hour, its owner is told, and CloudFormation is not told again."""
    at(3 * 3600)
    if good:
        released(world)
    else:
        rolled_back = {
            "d-1": deployment("Stopped", rollbackInfo={"rollbackDeploymentId": "d-2"}),
            "d-2": deployment("Succeeded", creator="codeDeployRollback"),
        }
        world.answers["codedeploy.get_deployment"] = lambda deploymentId: rolled_back[deploymentId]  # noqa: N803
        world.answers["codedeploy.batch_get_deployment_targets"] = target(6, "Failed")
    assert advance(handed_on())["done"]
    (published,) = world.called("sns.publish")
    assert published["Subject"] == ("orders: v2 is released" if good else "orders: release of v2 FAILED")
    assert answers == []


def test_no_deadline_of_cloudformations_ends_a_handed_on_release(shifting: Any, answers: Any, at: Any) -> None:
    """After two days of shifting traffic it is still followed, and not turned back."""
    at(2 * DAY)
    assert not advance(handed_on())["done"]
    assert shifting.called("codedeploy.stop_deployment") == []
    assert shifting.called("cloudformation.describe_stacks") == [], "the stack's update is over"
    assert answers == []


def test_a_handed_on_release_leaves_newer_settings_alone(world: Any) -> None:
    """A later update may have changed what needs no release: the end of an earlier release does not take it back."""
    released(world)
    world.groups[GREEN]["HealthCheckIntervalSeconds"] = 60
    advance(handed_on())
    assert world.groups[GREEN]["HealthCheckIntervalSeconds"] == 60


def test_an_end_that_cannot_be_published_is_tried_for_an_hour(
    world: Any, refusal: Any, at: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody else will say it; after an hour it is left to the log, and the release ends all the same."""
    released(world)
    world.answers["sns.publish"] = refusal("ThrottlingException")
    state = advance(handed_on())
    assert not state["done"]
    world.answers["sns.publish"] = {}
    assert advance(state)["done"]
    world.answers["sns.publish"] = refusal("ThrottlingException")
    at(3600)
    assert advance(state)["done"]
    assert "cannot publish" in caplog.text


def test_a_topic_that_is_gone_changes_no_verdict(shifting: Any, answers: Any, refusal: Any) -> None:
    """A notification that can never be sent neither fails a release nor keeps it going."""
    shifting.answers["sns.publish"] = refusal("NotFoundException")
    state = advance(following())
    assert [status for status, *_ in answers] == ["SUCCESS"]
    released(shifting)
    assert advance(state)["done"]


def test_a_handed_on_release_that_cannot_be_followed_is_published_as_failed(aws: Any, answers: Any) -> None:
    """When the state machine gives up, whoever waits for the outcome hears of it; CloudFormation does not listen."""
    aws.answers["sns.publish"] = {}
    assert take("abandon", **handed_on(), error={"Error": "Lambda.Timeout", "Cause": "too long"}) == {"done": True}
    (published,) = aws.called("sns.publish")
    assert published["Subject"] == "orders: release of v2 FAILED"
    assert "Lambda.Timeout" in published["Message"]
    assert answers == []


@pytest.mark.parametrize("hands_on", [True, False])
def test_a_release_that_waits_for_approval_says_so_once(world: Any, at: Any, *, hands_on: bool) -> None:
    """The owner is told until when, how to continue and how to refuse, once, also when the plan fits the hour."""
    world.answers["codedeploy.get_deployment"] = deployment("Ready")
    world.answers["codedeploy.batch_get_deployment_targets"] = target(5)
    at(600)
    changed = {"ApprovalMinutes": "30", "Notifications": TOPIC} | ({"HandsOn": "true"} if hands_on else {})
    state = following() | {"request": request(**changed)}
    for _ in range(3):
        state = advance(state)
    said = [call for call in world.called("sns.publish") if "waits for approval" in call["Subject"]]
    assert len(said) == 1
    assert "2023-11-14 22:53 UTC" in said[0]["Subject"]
    assert "aws deploy continue-deployment --deployment-id d-1" in said[0]["Message"]
    assert "aws deploy stop-deployment --deployment-id d-1" in said[0]["Message"]


def test_a_service_without_a_topic_is_told_nothing(world: Any) -> None:
    """Without a topic, waiting for approval is only logged."""
    world.answers["codedeploy.get_deployment"] = deployment("Ready")
    world.answers["codedeploy.batch_get_deployment_targets"] = target(5)
    advance(following() | {"request": request(ApprovalMinutes="30")})
    assert world.called("sns.publish") == []


@pytest.mark.parametrize(("since", "pause"), [(0, 5), (299, 5), (360, 6), (3600, 60), (18_000, 300), (4 * DAY, 300)])
def test_a_handed_on_release_is_looked_at_less_and_less_often(since: int, pause: int) -> None:
    """The pause grows with the time since, from 5 seconds to 5 minutes."""
    assert Progress(0, handed_on_at=0).pause(since) == pause


def test_while_cloudformation_waits_a_release_is_looked_at_every_five_seconds() -> None:
    """Before it is handed on, the pause does not grow."""
    assert Progress(0).pause(3400) == 5


def test_five_days_fit_into_a_state_machines_history() -> None:
    """An hour of quick steps and five days of slow ones stay within 25,000 events, at nine a round."""
    progress, now, rounds = Progress(0), 0.0, 0
    while now < 5 * DAY:
        progress.handed_on_at = 3500 if now >= 3500 else None
        now += progress.pause(now)
        rounds += 1
    assert rounds * 9 < 25_000
