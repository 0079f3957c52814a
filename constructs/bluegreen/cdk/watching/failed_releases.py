"""Tells of every release that failed."""

import json

from aws_cdk import aws_events as events
from constructs import Construct

from bluegreen.cdk.service import BlueGreenService

from .alarm_topics import AlarmTopics
from .alert import Severity
from .define_alert import RUNBOOKS


class FailedReleases(Construct):
    """Tells a topic of every release of a service that failed or was stopped, whoever started it.

    CodeDeploy announces both on EventBridge, also for deployments that no `cdk deploy` waits for. The old version has
    the traffic back by then, or gets it within seconds: nobody is hurt, but somebody must look before the next release.
    A deploy that ends before CodeDeploy has anything to do, such as one that a gate refuses, is told by `cdk deploy`.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        service: The service.
        topics: Where it is told.
        severity: How soon somebody must look; a warning when omitted.
        runbooks: Where the runbooks are, a path or URL without anchor; docs/runbooks.md when omitted.

    Attributes:
        rule: The rule.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        topics: AlarmTopics,
        severity: Severity = Severity.WARNING,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        says = (
            "Release <deployment> of <application> ended as <state> at <at>. "
            f"Severity: {severity}. Runbook: {runbooks}#failed-release"
        )
        self.rule = events.CfnRule(
            self,
            "Rule",
            description=f"Tells of failed releases of {service.node.id}",
            event_pattern={
                "source": ["aws.codedeploy"],
                "detail-type": ["CodeDeploy Deployment State-change Notification"],
                "detail": {"state": ["FAILURE", "STOP"], "application": [service.application.name]},
            },
            targets=[
                {
                    "id": "Topic",
                    "arn": topics.topic(severity).topic_arn,
                    "inputTransformer": {
                        "inputPathsMap": {
                            "deployment": "$.detail.deploymentId",
                            "application": "$.detail.application",
                            "state": "$.detail.state",
                            "at": "$.time",
                        },
                        "inputTemplate": json.dumps(says),
                    },
                }
            ],
        )
