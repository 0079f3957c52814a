"""The scenarios: what is deployed, what is broken meanwhile, and what must then be seen. Each is data and checks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.errors import RehearsalError

from .evidence import Event, Evidence

Check = Callable[[Evidence], str | None]
"""Looks at the evidence; returns what is wrong, or None."""

FEWEST_PER_SECOND = 400
"""Below this the load was not what the scenario promises to have run under."""

ROLLBACK_SECONDS = 2.0
"""From what turns a release back to the last request served by the candidate, in real time."""


class UnknownScenarioError(RehearsalError):
    """There is no scenario or group of that name."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One rehearsed release.

    Args:
        name: What `--scenario` takes.
        summary: One line for people.
        group: What `--group` takes.
        expected: The outcome: "succeeded" or "rolled-back".
        checks: What else must hold.
        fault: What is broken while it runs, in the cloud's words, without the version: that is the candidate.
    """

    name: str
    summary: str
    group: str
    expected: str
    checks: tuple[Check, ...]
    fault: Mapping[str, Any] | None = None

    def complaints(self, evidence: Evidence) -> list[str]:
        """Return everything that does not hold; an empty list when the scenario held."""
        found = [check(evidence) for check in (steady, self._outcome, *self.checks)]
        return [complaint for complaint in found if complaint is not None]

    def fault_for(self, version: str) -> dict[str, Any] | None:
        """Return the fault to inject when `version` is the candidate."""
        return None if self.fault is None else {**self.fault, "version": version}

    def _outcome(self, evidence: Evidence) -> str | None:
        if evidence.outcome == self.expected:
            return None
        said = f": {evidence.reason}" if evidence.reason else ""
        return (
            f"the release {evidence.outcome}, expected {self.expected} "
            f"(cdk exit code {evidence.exit_code}, stack {evidence.stack_status}){said}"
        )


def steady(evidence: Evidence) -> str | None:
    """The load reached at least `FEWEST_PER_SECOND`, and every target that answered is known."""
    if evidence.per_second < FEWEST_PER_SECOND:
        return f"the load reached only {evidence.per_second:.0f} requests/s of at least {FEWEST_PER_SECOND}"
    if strangers := evidence.served_by().keys() - {evidence.live, evidence.candidate}:
        return f"requests were answered by {', '.join(sorted(strangers))}"
    return None


def none_failed(evidence: Evidence) -> str | None:
    """No request failed."""
    if not evidence.failures:
        return None
    causes = ", ".join(f"{cause}: {count}" for cause, count in evidence.failed_by().items())
    return f"{len(evidence.failures)} of {len(evidence.answers)} requests failed ({causes})"


def both_served(evidence: Evidence) -> str | None:
    """The live version and the candidate both answered requests."""
    served = evidence.served_by()
    missing = [version for version in (evidence.live, evidence.candidate) if not served.get(version)]
    return f"{' and '.join(missing)} served no request" if missing else None


def ends_on_candidate(evidence: Evidence) -> str | None:
    """Once `cdk deploy` had returned, only the candidate answered."""
    return _only(evidence, evidence.candidate)


def ends_on_live(evidence: Evidence) -> str | None:
    """Once `cdk deploy` had returned, only the version that was live before answered."""
    return _only(evidence, evidence.live)


def candidate_never_served(evidence: Evidence) -> str | None:
    """The candidate answered no request in production."""
    served = evidence.served_by().get(evidence.candidate, 0)
    return f"the candidate {evidence.candidate} served {served} requests in production" if served else None


def failures_from_candidate_alone(evidence: Evidence) -> str | None:
    """Requests did fail, and all of those that failed were answered by the candidate."""
    if not evidence.failures:
        return "no request failed, so the fault was not felt and nothing is proven"
    others = {cause: count for cause, count in evidence.failed_by().items() if cause != evidence.candidate}
    if not others:
        return None
    return (
        f"requests failed apart from the candidate's: {', '.join(f'{count} by {who}' for who, count in others.items())}"
    )


def turned_by_alarm(evidence: Evidence) -> str | None:
    """It was an alarm that turned the release back."""
    found = evidence.turned_by
    return None if found and found.kind == "alarm" else f"{_cause(found)} turned the release back, expected an alarm"


def failed_at(step: str) -> Check:
    """Return the check that this lifecycle event failed before anything else went wrong."""

    def check(evidence: Evidence) -> str | None:
        found = evidence.turned_by
        if found and found.kind == "lifecycle" and found.facts.get("event") == step:
            return None
        return f"{_cause(found)} turned the release back, expected {step} to fail"

    return check


def turned_back_in_time(evidence: Evidence) -> str | None:
    """The candidate served nothing `ROLLBACK_SECONDS` after it was turned back, and nothing failed from then on."""
    if evidence.turned is None:
        return None  # told by turned_by_alarm
    if evidence.rollback_seconds is None:
        return "the candidate served no request in production, so the rollback cannot be timed"
    if evidence.rollback_seconds > ROLLBACK_SECONDS:
        return f"the rollback took {evidence.rollback_seconds:.2f} s, at most {ROLLBACK_SECONDS:g} s are allowed"
    after = sum(answer.sent > evidence.turned + ROLLBACK_SECONDS for answer in evidence.failures)
    return f"{after} requests failed after the rollback" if after else None


def _cause(event: Event | None) -> str:
    return f'"{event.what}"' if event else "nothing"


def _only(evidence: Evidence, version: str) -> str | None:
    """Whether every request sent after `cdk deploy` returned was answered by one version."""
    served = evidence.served_by(answer for answer in evidence.answers if answer.sent > evidence.deployed)
    if not served:
        return "no request was sent after cdk deploy returned, so what production ended on is unknown"
    if wrong := served.keys() - {version}:
        return f"after cdk deploy returned, {', '.join(sorted(wrong))} still answered; only {version} should have"
    return None


SCENARIOS = (
    Scenario(
        name="release",
        summary="a good version is released by canary, and no request fails",
        group="release",
        expected="succeeded",
        checks=(none_failed, both_served, ends_on_candidate),
    ),
    Scenario(
        name="rejected-by-smoke-test",
        summary="the candidate answers 404 on the test listener, and never meets a user",
        group="release",
        expected="rolled-back",
        checks=(none_failed, candidate_never_served, failed_at("AfterAllowTestTraffic"), ends_on_live),
        fault={"fault": "missing-on-test"},
    ),
    Scenario(
        name="errors-after-shift",
        summary="the candidate answers 5xx once it has production traffic; an alarm turns it back",
        group="release",
        expected="rolled-back",
        checks=(failures_from_candidate_alone, turned_by_alarm, turned_back_in_time, ends_on_live),
        fault={"fault": "errors-after-shift", "share": 1.0},
    ),
    Scenario(
        name="crash-at-start",
        summary="the candidate's tasks exit as soon as they start, and never get traffic",
        group="release",
        expected="rolled-back",
        checks=(none_failed, candidate_never_served, failed_at("Install"), ends_on_live),
        fault={"fault": "crash-at-start"},
    ),
)
"""In the order in which they are played; each starts from what the one before left live."""


def select(names: Iterable[str], group: str | None) -> tuple[Scenario, ...]:
    """Return the scenarios of these names and of this group, in the order of `SCENARIOS`; all when neither is given.

    Raises:
        UnknownScenarioError: If there is no scenario or group of a name.
    """
    wanted = set(names)
    _known(wanted, {scenario.name for scenario in SCENARIOS}, "scenario")
    _known({group} if group else set(), {scenario.group for scenario in SCENARIOS}, "group")
    return tuple(
        scenario
        for scenario in SCENARIOS
        if scenario.name in wanted or scenario.group == group or not (wanted or group)
    )


def _known(wanted: set[str], known: set[str], kind: str) -> None:
    for name in sorted(wanted - known):
        raise UnknownScenarioError(
            f"there is no {kind} {name!r}; there are {', '.join(sorted(known))}", hint="bluegreen rehearse --list"
        )
