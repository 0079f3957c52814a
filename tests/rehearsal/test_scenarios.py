from dataclasses import replace
from typing import Any

import pytest

from bluegreen.rehearsal.connection import Answer
from bluegreen.rehearsal.evidence import Event, Evidence
from bluegreen.rehearsal.scenarios import SCENARIOS, UnknownScenarioError, checks, select
from bluegreen.rehearsal.scenarios.scenario import Scenario
from tests.rehearsal.made_up import (
    BY_NAME,
    HOOK_FAILED,
    INSTALL_FAILED,
    RED,
    V1,
    V2,
    answers,
    deploy,
    evidence,
    rolled_back,
    turned_back,
)

GOOD = {
    "release": evidence(),
    "rejected-by-smoke-test": rolled_back(),
    "errors-after-shift": turned_back(),
    "crash-at-start": rolled_back(events=[INSTALL_FAILED]),
}

# A rollout that moves all at once: the command goes well at 1014, the alarm comes at 1016.
TURNED_AFTERWARDS = turned_back(deploys=(deploy(ended=1014.0),))

RESET = Answer(1012.0, 0.1, None, None, "ConnectionResetError: reset by peer")


@pytest.mark.parametrize("name", list(GOOD))
def test_a_scenario_holds_on_what_it_describes(name: str) -> None:
    """Evidence of exactly what the scenario promises leaves nothing to complain about."""
    assert BY_NAME[name].complaints(GOOD[name]) == []


@pytest.mark.parametrize(
    ("name", "seen", "said"),
    [
        ("release", evidence(answers=[*evidence().answers, RESET]), "1 of 14851 requests failed (ConnectionResetError"),
        ("release", evidence(answers=answers((999, 1032, V2))), "v1 served no request"),
        ("release", evidence(answers=answers((999, 1032, V1))), "v2 served no request"),
        ("release", evidence(answers=answers((999, 1030.5, V1), (1030.5, 1032, V2))), "v1 still answered"),
        ("release", evidence(answers=answers((999, 1010, V1), (1010, 1029, V2))), "production ended on is unknown"),
        ("release", evidence(answers=evidence().answers[::2]), "the load reached only 225 requests/s of at least 400"),
        ("release", evidence(versions={V2: "v2"}), "requests were answered by unknown"),
        ("release", evidence(versions={V1: "v0", V2: "v2"}), "requests were answered by v0"),
        ("release", rolled_back(), "the release rolled-back, expected succeeded"),
        ("release", rolled_back(), "d-TWO failed at AfterAllowTestTraffic"),
        ("release", evidence(answers=[]), "the load reached only 0"),
        ("rejected-by-smoke-test", evidence(), "the release succeeded, expected rolled-back"),
        ("rejected-by-smoke-test", evidence(), "served 7650 requests in production"),
        ("rejected-by-smoke-test", rolled_back(stack_status="UPDATE_ROLLBACK_FAILED"), "the release failed"),
        ("rejected-by-smoke-test", rolled_back(exit_code=0), "the release failed"),
        ("rejected-by-smoke-test", rolled_back(answers=[*rolled_back().answers, RESET]), "1 of 14851 requests failed"),
        ("errors-after-shift", rolled_back(events=[RED]), "the fault was not felt"),
        ("errors-after-shift", turned_back(events=[]), "nothing turned the release back, expected an alarm"),
        ("errors-after-shift", TURNED_AFTERWARDS, 'ALARM" came when the rollout was over, and took production back'),
        ("errors-after-shift", TURNED_AFTERWARDS, "no command was turned back, so no rollback can be timed"),
        ("errors-after-shift", turned_back(2.1), "the rollback took 2.10 s, at most 2 s"),
        ("errors-after-shift", turned_back(answers=[*turned_back().answers, RESET]), "apart from the candidate's"),
        (
            "errors-after-shift",
            turned_back(answers=[*turned_back().answers, RESET._replace(target=V1, status=502)]),
            "1 by v1",
        ),
        ("errors-after-shift", turned_back(events=[INSTALL_FAILED, RED]), '"Install failed" turned the release back'),
        ("rejected-by-smoke-test", rolled_back(events=[INSTALL_FAILED]), "expected AfterAllowTestTraffic to fail"),
        ("rejected-by-smoke-test", rolled_back(events=[RED, HOOK_FAILED]), 'is ALARM" turned the release back'),
        ("crash-at-start", rolled_back(), "expected Install to fail"),
        ("crash-at-start", rolled_back(events=[]), "nothing turned the release back"),
        ("crash-at-start", turned_back(), "the candidate v2 served 2925 requests in production"),
    ],
)  # fmt: skip
def test_a_scenario_notices_what_must_not_happen(name: str, seen: Evidence, said: str) -> None:
    """Each promise that is broken is complained about, with figures."""
    complaints = BY_NAME[name].complaints(seen)
    assert any(said in complaint for complaint in complaints), complaints


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        (turned_back(0.5), pytest.approx(0.5, abs=0.01)),
        (turned_back(0.0), pytest.approx(0.0, abs=0.01)),
        (turned_back(-2.0), 0.0),
        (turned_back(events=[HOOK_FAILED]), pytest.approx(7.5, abs=0.01)),
        (turned_back(events=[]), None),
        (rolled_back(), None),
        (evidence(events=[RED]), None),
    ],
)
def test_a_rollback_is_timed_by_what_users_met(seen: Evidence, seconds: Any) -> None:
    """From the alarm or failed step to the last request that the candidate answered; nothing when it never served."""
    assert seen.rollback_seconds == seconds


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (TURNED_AFTERWARDS, RED),
        (replace(TURNED_AFTERWARDS, events=[INSTALL_FAILED]), None),
        (turned_back(), None),
        (evidence(events=[RED]), None),
        (evidence(events=[RED], deploys=(), answers=answers((999.0, 1032.0, V1))), None),
    ],
    ids=["after the command", "no alarm", "before it returned", "back to nothing", "nothing deployed"],
)
def test_a_way_back_after_the_command_is_told_apart(seen: Evidence, found: Event | None) -> None:
    """Only an alarm, after a command that went well, that brought the version before back to users."""
    assert seen.turned_afterwards == found


def test_an_alarm_of_the_scenario_before_turns_nothing() -> None:
    """What happened before the scenario began is not what turned its release back."""
    early = Event(999.5, RED.what, RED.kind, RED.facts)
    assert evidence(events=[early]).turned is None


@pytest.mark.parametrize(
    ("kind", "facts", "turns"),
    [
        ("alarm", {"state": "ALARM"}, True),
        ("alarm", {"state": "OK"}, False),
        ("lifecycle", {"event": "Install", "status": "failed"}, True),
        ("lifecycle", {"event": "Install", "status": "succeeded"}, False),
        ("deployment", {"status": "Stopped"}, True),
        ("deployment", {"status": "InProgress"}, False),
        ("task", {"status": "failed"}, False),
    ],
)
def test_a_release_is_turned_back_by_alarms_and_failures(kind: str, facts: dict[str, str], turns: bool) -> None:  # noqa: FBT001 - a table's column
    """An alarm, a failed lifecycle event and a deployment that failed or was stopped turn a release back; no more."""
    seen = evidence(events=[Event(1005.0, "it happened", kind, facts)])
    assert (seen.turned is not None) == turns


def test_requests_are_counted_by_who_answered() -> None:
    """Answers with an error count for the version that gave them; those that nobody gave count for no version."""
    seen = evidence(
        answers=[
            Answer(1, 0, 200, V1),
            Answer(2, 0, 500, V2),
            Answer(3, 0, 503, None),
            Answer(4, 0, None, None, "TimeoutError"),
            Answer(5, 0, 200, "127.77.0.9"),
        ]
    )
    assert seen.served_by() == {"unknown": 1, "v1": 1, "v2": 1}
    assert seen.failed_by() == {"TimeoutError": 1, "load balancer 503": 1, "v2": 1}


@pytest.mark.parametrize(
    ("names", "group", "chosen"),
    [
        ((), None, [scenario.name for scenario in SCENARIOS if scenario.group == "release"]),
        (("crash-at-start", "release"), None, ["release", "crash-at-start"]),
        (("release", "release"), None, ["release"]),
        ((), "release", [scenario.name for scenario in SCENARIOS if scenario.group == "release"]),
    ],
)
def test_scenarios_are_chosen_by_name_and_group(names: tuple[str, ...], group: str | None, chosen: list[str]) -> None:
    """The chosen scenarios are played once each and in their own order; the group release when none is named."""
    assert [scenario.name for scenario in select(names, group)] == chosen


@pytest.mark.parametrize(("names", "group"), [(("relaese",), None), ((), "unsafe")])
def test_an_unknown_name_is_refused(names: tuple[str, ...], group: str | None) -> None:
    """A name that does not exist is refused with those that do."""
    with pytest.raises(UnknownScenarioError, match="release"):
        select(names, group)


def test_scenarios_have_names_of_their_own() -> None:
    """No two scenarios share a name, and every fault names no version of its own."""
    assert len(BY_NAME) == len(SCENARIOS)
    assert all(scenario.fault is None or "version" not in scenario.fault for scenario in SCENARIOS)


SAFETY = [scenario for scenario in SCENARIOS if scenario.group == "safety" and not scenario.application]
UNDISTURBED = [scenario for scenario in SAFETY if scenario.name not in {"alarm-still-red", "task-killed"}]


@pytest.mark.parametrize("scenario", SAFETY, ids=lambda scenario: scenario.name)
def test_a_safety_scenario_notices_a_stack_that_is_stuck(scenario: Scenario) -> None:
    """None of them holds when the last command left the stack where nobody can deploy."""
    stuck = evidence(exit_code=1, stack_status="UPDATE_ROLLBACK_FAILED", events=[HOOK_FAILED])
    assert any("failed, expected" in complaint for complaint in scenario.complaints(stuck))


@pytest.mark.parametrize("scenario", UNDISTURBED, ids=lambda scenario: scenario.name)
def test_a_safety_scenario_notices_one_failed_request(scenario: Scenario) -> None:
    """None of them holds when a user met an error, but for the one in which the application fails, and kill -9."""
    seen = evidence(answers=[*evidence().answers, RESET])
    assert any("1 of 14851 requests failed" in complaint for complaint in scenario.complaints(seen))


@pytest.mark.parametrize("scenario", SAFETY, ids=lambda scenario: scenario.name)
def test_a_safety_scenario_tells_what_it_saw_itself(scenario: Scenario) -> None:
    """What a scenario complains of while it runs is a reason not to hold, whatever the rest."""
    assert "the network changed" in scenario.complaints(evidence(complaints=("the network changed",)))


STOPPED = Event(1009.0, "deployment d-TWO stopped: by request", "deployment", {"status": "Stopped"})


@pytest.mark.parametrize(
    ("check", "seen", "said"),
    [
        (checks.ended("succeeded"), evidence(), None),
        (checks.ended("succeeded", "refused"), evidence(), "the commands ended succeeded, expected succeeded, refused"),
        (checks.ended("succeeded"), evidence(deploys=()), "the commands ended never, expected succeeded"),
        (checks.turned_by_stop, rolled_back(events=[STOPPED]), None),
        (checks.turned_by_stop, rolled_back(events=[RED, STOPPED]), "expected that its deployment is stopped"),
        (checks.turned_by_stop, rolled_back(events=[]), "nothing turned the release back"),
        (checks.told("AfterAllowTestTraffic"), rolled_back(), None),
        (checks.told("Install"), rolled_back(), "the reason must say 'Install', got: OrdersRelease: d-TWO failed at"),
        (checks.told("Install"), evidence(), "got: none"),
        (checks.ends_on_released, evidence(), None),
        (checks.ends_on_released, rolled_back(), None),
        (checks.ends_on_released, rolled_back(answers=answers((999, 1032, V2))), "only v1 should have"),
        (checks.steady(), evidence(loads={}), "no load was sent"),
        (checks.steady(), evidence(live="v0", others=frozenset({"v1"})), None),
        (checks.steady(200), evidence(answers=evidence().answers[::2]), None),
        (
            checks.steady(),
            evidence(loads={"orders": evidence().answers, "billing": evidence().answers[::2]}),
            "reached only 225",
        ),
        (
            checks.of_load("billing", checks.none_failed),
            evidence(loads={"orders": [RESET], "billing": []}),
            None,
        ),
        (
            checks.of_load("orders", checks.none_failed),
            evidence(loads={"orders": [RESET], "billing": []}),
            "orders: 1 of 1 requests failed",
        ),
    ],
)
def test_a_check_looks_at_one_thing(check: checks.Check, seen: Evidence, said: str | None) -> None:
    """Each complains of what it is about, and of nothing else."""
    complaint = check(seen)
    assert complaint is None if said is None else said in (complaint or "")


def test_an_alarm_that_no_deployment_group_watches_turns_nothing_back() -> None:
    """The time of a rollback counts from the alarm that CodeDeploy acted on, not from one that only tells people."""
    told = replace(RED, at=RED.at - 5, facts=RED.facts | {"name": "told"})
    seen = turned_back(0.5, events=[told, RED], watched=frozenset({str(RED.facts["name"])}))
    assert seen.turned_by == RED
    assert seen.rollback_seconds == pytest.approx(0.5, abs=0.1)
    assert replace(seen, watched=frozenset()).turned_by == told
