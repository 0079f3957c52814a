"""Group release: one version after another, good and broken."""

from .checks import (
    both_served,
    candidate_never_served,
    ends_on_candidate,
    ends_on_live,
    failed_at,
    failures_from_candidate_alone,
    none_failed,
    told,
    turned_back_in_time,
    turned_by_alarm,
)
from .scenario import Scenario

REJECTED = told("failed at AfterAllowTestTraffic")
"""It was the smoke test's own answer that turned the release back, not its silence."""

RELEASE = (
    Scenario(
        name="release",
        summary="a good version is released by canary, and no request fails",
        group="release",
        synthesizes=True,
        expected="succeeded",
        checks=(none_failed, both_served, ends_on_candidate),
    ),
    Scenario(
        name="rejected-by-smoke-test",
        summary="the candidate answers 404 on the test listener, and never meets a user",
        group="release",
        synthesizes=True,
        expected="rolled-back",
        checks=(none_failed, candidate_never_served, failed_at("AfterAllowTestTraffic"), REJECTED, ends_on_live),
        fault={"fault": "missing-on-test"},
    ),
    Scenario(
        name="errors-after-shift",
        summary="the candidate answers 5xx once it has production traffic; an alarm turns it back",
        group="release",
        synthesizes=True,
        expected="rolled-back",
        checks=(failures_from_candidate_alone, turned_by_alarm, turned_back_in_time, ends_on_live),
        fault={"fault": "errors-after-shift", "share": 1.0},
    ),
    Scenario(
        name="crash-at-start",
        summary="the candidate's tasks exit as soon as they start, and never get traffic",
        group="release",
        synthesizes=True,
        expected="rolled-back",
        checks=(none_failed, candidate_never_served, failed_at("Install"), ends_on_live),
        fault={"fault": "crash-at-start"},
    ),
)
