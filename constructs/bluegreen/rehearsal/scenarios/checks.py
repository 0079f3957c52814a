"""What is checked of a scenario's evidence. Each check returns what is wrong, with figures, or None."""

from collections.abc import Callable

from bluegreen.rehearsal.evidence import Event, Evidence

Check = Callable[[Evidence], str | None]
"""Looks at the evidence; returns what is wrong, or None."""

FEWEST_PER_SECOND = 400
"""Below this the load was not what the scenario promises to have run under."""

ROLLBACK_SECONDS = 2.0
"""From what turns a release back to the last request served by its version, in real time."""


def of_load(name: str, check: Check) -> Check:
    """Return a check of one load of several."""

    def checked(evidence: Evidence) -> str | None:
        complaint = check(evidence.of_load(name))
        return f"{name}: {complaint}" if complaint else None

    return checked


def ended(*outcomes: str) -> Check:
    """Return the check that the commands ended like this, in the order in which they returned."""

    def check(evidence: Evidence) -> str | None:
        seen = [deploy.outcome.value for deploy in evidence.deploys]
        if seen == list(outcomes):
            return None
        return f"the commands ended {', '.join(seen) or 'never'}, expected {', '.join(outcomes)}"

    return check


def steady(fewest: int = FEWEST_PER_SECOND) -> Check:
    """Return the check that each load reached so many requests a second, and that only known versions answered.

    Args:
        fewest: For each load.
    """

    def check(evidence: Evidence) -> str | None:
        if not evidence.loads:
            return "no load was sent, so nothing is known of what users saw"
        for name in evidence.loads:
            reached = evidence.of_load(name).per_second
            if reached < fewest:
                return f"the load reached only {reached:.0f} requests/s of at least {fewest}"
        known = {evidence.live, *evidence.others, *(deploy.version for deploy in evidence.deploys)}
        if strangers := evidence.served_by().keys() - known:
            return f"requests were answered by {', '.join(sorted(strangers))}"
        return None

    return check


def none_failed(evidence: Evidence) -> str | None:
    """No request failed."""
    if not evidence.failures:
        return None
    causes = ", ".join(f"{cause}: {count}" for cause, count in evidence.failed_by().items())
    return f"{len(evidence.failures)} of {len(evidence.answers)} requests failed ({causes})"


def none_lost(evidence: Evidence) -> str | None:
    """Every write that was acknowledged could be read back at the end."""
    if not evidence.lost:
        return None
    return f"{len(evidence.lost)} of {evidence.written} acknowledged writes are lost, such as {evidence.lost[0]}"


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


def ends_on_released(evidence: Evidence) -> str | None:
    """Once the last command had returned, only the version of the last one that went well answered."""
    return _only(evidence, evidence.released)


def candidate_never_served(evidence: Evidence) -> str | None:
    """The candidate answered no request in production."""
    served = evidence.served_by().get(evidence.candidate, 0)
    return f"the candidate {evidence.candidate} served {served} requests in production" if served else None


def failures_from_candidate_alone(evidence: Evidence) -> str | None:
    """Requests did fail, and all of those that failed were answered by the version that was turned back."""
    if not evidence.failures:
        return "no request failed, so the fault was not felt and nothing is proven"
    broken = evidence.turned_back or evidence.candidate
    others = {cause: count for cause, count in evidence.failed_by().items() if cause != broken}
    if not others:
        return None
    return (
        f"requests failed apart from the candidate's: {', '.join(f'{count} by {who}' for who, count in others.items())}"
    )


def turned_by_alarm(evidence: Evidence) -> str | None:
    """It was an alarm that turned the release back."""
    found = evidence.turned_by
    return None if found and found.kind == "alarm" else f"{_cause(found)} turned the release back, expected an alarm"


def turned_by_stop(evidence: Evidence) -> str | None:
    """It was a stop that turned the release back, and nothing before it."""
    found = evidence.turned_by
    if found and found.kind == "deployment" and str(found.facts.get("status")).lower() == "stopped":
        return None
    return f"{_cause(found)} turned the release back, expected that its deployment is stopped"


def told(words: str) -> Check:
    """Return the check that whoever deployed was told these words by the first command that did not go through."""

    def check(evidence: Evidence) -> str | None:
        reason = next((deploy.reason for deploy in evidence.deploys if deploy.reason), "")
        return None if words in reason else f"the reason must say {words!r}, got: {reason or 'none'}"

    return check


def failed_at(step: str) -> Check:
    """Return the check that this lifecycle event failed before anything else went wrong."""

    def check(evidence: Evidence) -> str | None:
        found = evidence.turned_by
        if found and found.kind == "lifecycle" and found.facts.get("event") == step:
            return None
        return f"{_cause(found)} turned the release back, expected {step} to fail"

    return check


def rolled_back_in_time(evidence: Evidence) -> str | None:
    """The candidate served nothing `ROLLBACK_SECONDS` after it was turned back."""
    if evidence.turned is None:
        return None  # told by turned_by_alarm
    if not evidence.turned_back:
        return "no command was turned back, so no rollback can be timed"
    if evidence.rollback_seconds is None:
        return "the candidate served no request in production, so the rollback cannot be timed"
    if evidence.rollback_seconds > ROLLBACK_SECONDS:
        return f"the rollback took {evidence.rollback_seconds:.2f} s, at most {ROLLBACK_SECONDS:g} s are allowed"
    return None


def turned_back_in_time(evidence: Evidence) -> str | None:
    """The candidate served nothing `ROLLBACK_SECONDS` after it was turned back, and nothing failed from then on."""
    if evidence.turned is None:
        return None  # likewise
    if late := rolled_back_in_time(evidence):
        return late
    after = sum(answer.sent > evidence.turned + ROLLBACK_SECONDS for answer in evidence.failures)
    return f"{after} requests failed after the rollback" if after else None


def _cause(event: Event | None) -> str:
    return f'"{event.what}"' if event else "nothing"


def _only(evidence: Evidence, version: str) -> str | None:
    """Whether every request sent after `cdk deploy` returned was answered by one version."""
    served = evidence.served_afterwards()
    if not served:
        return "no request was sent after cdk deploy returned, so what production ended on is unknown"
    if wrong := served.keys() - {version}:
        return f"after cdk deploy returned, {', '.join(sorted(wrong))} still answered; only {version} should have"
    return None
