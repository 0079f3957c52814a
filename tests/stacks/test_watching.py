"""Who is told what in the reference: every alarm reaches somebody, and says what is to be done."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.stacks.support import Templates, resources

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks.md"
Alarm = tuple[str, dict[str, Any]]


def alarms(template: dict[str, Any]) -> Iterator[Alarm]:
    """Every alarm of a template but the rollback alarms, which CodeDeploy looks at: logical id and properties."""
    for name, resource in template["Resources"].items():
        if resource["Type"] not in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}:
            continue
        if "A release under way is rolled back" not in resource["Properties"].get("AlarmDescription", ""):
            yield name, resource["Properties"]


def test_every_alarm_tells_somebody(templates: Templates, data_templates: Templates) -> None:
    """Each has an action, or is joined in a composite alarm that has."""
    for template in (*templates.values(), *data_templates.values()):
        joined = {
            part["Fn::GetAtt"][0]
            for composite in resources(template, "AWS::CloudWatch::CompositeAlarm")
            for part in composite["Properties"]["AlarmRule"]["Fn::Join"][1]
            if isinstance(part, dict)
        }
        assert [name for name, alarm in alarms(template) if not alarm.get("AlarmActions") and name not in joined] == []


def test_every_alarm_leads_to_a_section_of_the_runbooks(templates: Templates, data_templates: Templates) -> None:
    """What an alarm's description names as its runbook is a heading there."""
    headings = re.findall(r"^## (.+)$", RUNBOOKS.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert len(anchors) == len(headings), "two sections have one anchor"
    named = {}
    for template in (*templates.values(), *data_templates.values()):
        for name, alarm in alarms(template):
            end = re.search(r"Severity: \w+\. Runbook: docs/runbooks\.md#([a-z0-9-]+)$", alarm["AlarmDescription"])
            named[name] = end[1] if end else alarm["AlarmDescription"]
    assert {name: section for name, section in named.items() if section not in anchors} == {}


def test_every_alarm_says_how_long_its_periods_are(templates: Templates, data_templates: Templates) -> None:
    """The period in an alarm's description is that of every metric it looks at."""
    wrong = {}
    for template in (*templates.values(), *data_templates.values()):
        for name, alarm in alarms(template):
            if "AlarmRule" in alarm:
                continue
            stated = re.search(r"\d periods of (\d+) min", alarm["AlarmDescription"])
            looked_at = [one["MetricStat"] for one in alarm.get("Metrics", ()) if "MetricStat" in one] or [alarm]
            if {one["Period"] for one in looked_at} != {60 * int(stated[1]) if stated else None}:
                wrong[name] = alarm["AlarmDescription"]
    assert wrong == {}


def test_every_environment_is_watched_alike(templates: Templates) -> None:
    """Dev, staging and production have the same alarms, but for the name that only the latter two have."""

    def names(environment: str) -> set[str]:
        prefix = f"{environment.capitalize()}Stack-"
        return {alarm["AlarmName"].removeprefix(prefix) for _, alarm in alarms(templates[environment])}

    assert names("staging") == names("prod")
    assert {name.split("-")[0] for name in names("prod") - names("dev")} <= {"EndpointHealth", "Entrance", "Edge"}


def test_production_mails_and_dev_does_not(data_templates: Templates) -> None:
    """Critical alerts and warnings of production go to people; dev has the same topics and nobody at their end."""
    subscribed = {name: len(resources(found, "AWS::SNS::Subscription")) for name, found in data_templates.items()}
    assert subscribed == {"dev": 0, "staging": 0, "prod": 2}
    assert all(len(resources(found, "AWS::SNS::Topic")) >= 3 for found in data_templates.values())
