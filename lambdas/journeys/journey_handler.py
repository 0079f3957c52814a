"""A Synthetics canary: makes the journey that the construct put into its environment, and fails when a step does.

What its role needs: what every canary's does, cloudwatch:PutMetricData for the namespace below, and
secretsmanager:GetSecretValue on the secrets that headers refer to. It opens no browser.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
from bluegreen.release import structured_log
from bluegreen.release.journey import JourneyStep
from journey_run import Journey, StepResult

structured_log.set_up()
_log = logging.getLogger("journey")

NAMESPACE = "BlueGreen/Journeys"


class JourneyError(Exception):
    """A step did not go as expected; the text says which, what was expected, and what came."""


def handle(_event: Any, _context: Any) -> str:
    """Make the journey.

    Returns:
        How many steps were taken; Synthetics shows it.

    Raises:
        JourneyError: If a step failed, which is how a canary says that its run failed.
        KeyError: If the environment lacks a variable.
    """
    return make(os.environ)


def make(environment: Mapping[str, str]) -> str:
    """Make the journey that the environment describes, and publish how long each step took.

    Args:
        environment: BLUEGREEN_URL, BLUEGREEN_JOURNEY (the steps as JSON) and BLUEGREEN_CANARY (the canary's name).

    Returns:
        How many steps were taken.

    Raises:
        JourneyError: If a step failed.
        KeyError: If a variable is missing.
    """
    steps = [JourneyStep.from_dict(step) for step in json.loads(environment["BLUEGREEN_JOURNEY"])]
    results = Journey(environment["BLUEGREEN_URL"]).make(steps)
    _publish(environment["BLUEGREEN_CANARY"], results)
    failed = [result.text for result in results if not result.passed]
    if failed:
        raise JourneyError("; ".join(failed))
    return f"steps passed: {len(results)}"


def _publish(canary: str, results: Sequence[StepResult]) -> None:
    """Publish what each answer took. A journey that went well does not fail because nobody could be told so."""
    data = [
        {
            "MetricName": "StepDuration",
            "Dimensions": [{"Name": "CanaryName", "Value": canary}, {"Name": "StepName", "Value": result.name}],
            "Unit": "Milliseconds",
            "Value": result.milliseconds,
        }
        for result in results
        if result.milliseconds is not None
    ]
    if not data:
        return
    try:
        aws_clients.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
    except (ClientError, BotoCoreError) as error:
        _log.warning("cannot publish the steps' durations", extra={"error": aws_clients.describe(error)})
