"""Evidence and results made up for tests: a canary with figures that can be bent one at a time."""

from collections.abc import Mapping
from typing import Any

from bluegreen.rehearsal.connection import Answer
from bluegreen.rehearsal.deploy import Deploy
from bluegreen.rehearsal.evidence import Event, Evidence
from bluegreen.rehearsal.rehearsal import Result
from bluegreen.rehearsal.scenarios import SCENARIOS
from bluegreen.rehearsal.scenarios.scenario import Scenario

V1, V2 = "127.77.0.1", "127.77.0.4"
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
RED = Event(1016.0, "alarm Prod-Orders-ErrorRate is ALARM", "alarm", {"name": "ErrorRate", "state": "ALARM"})
HOOK_FAILED = Event(
    1009.0,
    "AfterAllowTestTraffic failed",
    "lifecycle",
    {"event": "AfterAllowTestTraffic", "status": "failed"},
)

INSTALL_FAILED = Event(1009.0, "Install failed", "lifecycle", {"event": "Install", "status": "failed"})


def answers(
    *spans: tuple[float, float, str | None], status: Mapping[str | None, int | None] | None = None
) -> list[Answer]:
    """Return 450 answers a second: each span is from, to, and the target that answers; 1000.0 is when it began."""
    statuses = status or {}
    return [
        Answer(begin + number / 450, 0.004, statuses.get(target, 200), target)
        for begin, end, target in spans
        for number in range(round((end - begin) * 450))
    ]


def deploy(**changed: Any) -> Deploy:
    """Return a deploy of v2 that went well, with some of it changed."""
    whole: dict[str, Any] = {
        "stack": "ProdStack",
        "version": "v2",
        "begun": 1000.0,
        "ended": 1030.0,
        "exit_code": 0,
        "stack_status": "UPDATE_COMPLETE",
        "deployments": ("d-TWO",),
    }
    return Deploy(**whole | changed)


def evidence(**changed: Any) -> Evidence:
    """Return the evidence of a release of v2 that went well, with some of it or of its only deploy changed."""
    of_deploy = {name: changed.pop(name) for name in ("exit_code", "stack_status", "reason") if name in changed}
    whole: dict[str, Any] = {
        "live": "v1",
        "started": 1000.0,
        "ended": 1032.0,
        "deploys": (deploy(**of_deploy),),
        "loads": {"production": changed.pop("answers", answers((999.0, 1015.0, V1), (1015.0, 1032.0, V2)))},
        "events": [],
        "versions": {V1: "v1", V2: "v2"},
    }
    return Evidence(**whole | changed)


def rolled_back(**changed: Any) -> Evidence:
    """Return the evidence of a release that was rolled back before it met a user, with some of it changed."""
    whole: dict[str, Any] = {
        "exit_code": 1,
        "stack_status": "UPDATE_ROLLBACK_COMPLETE",
        "reason": "OrdersRelease: d-TWO failed at AfterAllowTestTraffic",
        "answers": answers((999.0, 1032.0, V1)),
        "events": [HOOK_FAILED],
    }
    return evidence(**whole | changed)


def turned_back(seconds: float = 0.5, **changed: Any) -> Evidence:
    """Return the evidence of a candidate that failed in production from 1010.0 until `seconds` after the alarm."""
    gone = RED.at + seconds
    served = answers((999.0, 1010.0, V1), (1010.0, gone, V2), (gone, 1032.0, V1), status={V2: 500})
    return rolled_back(**{"answers": served, "events": [RED]} | changed)


def result(scenario: Scenario, seen: Evidence) -> Result:
    return Result(scenario=scenario, complaints=scenario.complaints(seen), evidence=seen, wall_seconds=33.04)
