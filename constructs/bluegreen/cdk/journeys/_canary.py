"""A CloudWatch Synthetics canary that makes HTTP requests, without a browser."""

import json
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_synthetics as synthetics
from constructs import Construct

from bluegreen.cdk._durations import minutes
from bluegreen.cdk._http_checks import require_jmespath, secrets_of
from bluegreen.cdk._lambda_assets import zipped
from bluegreen.cdk._log_groups import acknowledge_without_key
from bluegreen.cdk._names import computed_name
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import define_alert
from bluegreen.release.journey import JourneyStep, longest_seconds, require_journey

from ._role import canary_role
from .artifacts import JourneyArtifacts
from .settings import START_SECONDS, CanarySettings

_LONGEST_NAME = 21
_NAME = re.compile(r"[0-9a-z_-]{1,21}")
_LARGEST_JOURNEY = 2500
"""Characters of the steps as JSON: Lambda allows 4 kB for all variables, and tokens may still grow."""
_MIB = 960
"""The least that a canary may have."""
_PERIODS = (1, 5, 10, 15, 30, 60)
"""Minutes; CloudWatch's periods that an alarm on a canary makes sense with."""
_LEAST_SUCCESS_PERCENT = 90


class Canary(Construct):
    """What `Heartbeat` and `Journey` have in common; they say what the arguments mean."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        url: str,
        steps: Sequence[JourneyStep],
        name: str | None,
        settings: CanarySettings | None,
    ) -> None:
        self._settings = settings or CanarySettings()
        _require_url(url)
        _require_steps(steps, self._settings.longest_seconds)
        super().__init__(scope, construct_id)
        self.name = _name(self, name)
        bucket = self._settings.artifacts or JourneyArtifacts.of(self).bucket
        secrets = secrets_of(step.check for step in steps)
        self.role, policy = canary_role(self, self.name, bucket, secrets, in_vpc=self._settings.in_vpc is not None)
        self.canary = self._define(url, steps, bucket.s3_url_for_object(self.name), policy)
        self.log_group = self._define_log_group()
        self.alerts: Sequence[Alert] = (self._failing(), self._slow())

    def metric_success_percent(self, *, period_minutes: int = 5) -> cloudwatch.Metric:
        """Return the percentage of runs in which every step passed.

        Args:
            period_minutes: The length of a period.

        Returns:
            The metric; a period without a run has no value.
        """
        return self._metric("SuccessPercent", period_minutes)

    def metric_duration(self, *, period_minutes: int = 5) -> cloudwatch.Metric:
        """Return how long a run takes, in milliseconds, the runtime's own work included.

        Args:
            period_minutes: The length of a period.

        Returns:
            The metric.
        """
        return self._metric("Duration", period_minutes)

    def _define(
        self, url: str, steps: Sequence[JourneyStep], artifacts: str, policy: iam.Policy
    ) -> synthetics.CfnCanary:
        settings = self._settings
        # Synthetics makes a layer of the zip, and a layer's folder `python` is where Python looks for modules.
        packed = zipped("journeys", "python")
        code = s3_assets.Asset(self, "Code", path=str(packed.path), asset_hash=packed.digest)
        canary = synthetics.CfnCanary(
            self,
            "Resource",
            name=self.name,
            runtime_version=settings.runtime,
            artifact_s3_location=artifacts,
            execution_role_arn=self.role.role_arn,
            schedule={"expression": settings.schedule},
            code={
                "handler": "journey_handler.handle",
                "s3Bucket": code.s3_bucket_name,
                "s3Key": code.s3_object_key,
            },
            run_config={
                "timeoutInSeconds": longest_seconds(steps) + START_SECONDS,
                "memoryInMb": _MIB,
                "environmentVariables": {
                    "BLUEGREEN_URL": url,
                    "BLUEGREEN_JOURNEY": Stack.of(self).to_json_string([step.to_dict() for step in steps]),
                    "BLUEGREEN_CANARY": self.name,
                },
            },
            start_canary_after_creation=True,
            provisioned_resource_cleanup="AUTOMATIC",
            vpc_config=settings.in_vpc.to_property() if settings.in_vpc else None,
        )
        canary.node.add_dependency(policy)  # or its first run may do nothing
        return canary

    def _define_log_group(self) -> logs.LogGroup:
        """Define the log group that the canary's function writes into, before AWS makes one that keeps all for ever."""
        settings = self._settings
        group = logs.LogGroup(
            self,
            "LogGroup",
            log_group_name=f"/aws/lambda/cwsyn-{self.name}-{self.canary.attr_id}",
            retention=settings.log_retention,
            encryption_key=settings.key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        if settings.key is None:
            acknowledge_without_key(group)
        return group

    def _metric(self, name: str, period_minutes: int) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="CloudWatchSynthetics",
            metric_name=name,
            dimensions_map={"CanaryName": self.name},
            statistic="Average",
            period=minutes(period_minutes),
        )

    def _failing(self) -> Alert:
        return define_alert(
            self,
            "Failing",
            says=f"Runs of {self.name} in which every step passed, in percent",
            severity=self._settings.severity,
            runbook=f"{self._settings.runbooks}#journey-failing",
            metric=self.metric_success_percent(period_minutes=self._period_minutes),
            threshold=_LEAST_SUCCESS_PERCENT,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            # A new canary has not run yet, which must wake nobody. One that has stopped shows as insufficient data.
            missing=cloudwatch.TreatMissingData.MISSING,
            period_minutes=self._period_minutes,
        )

    def _slow(self) -> Alert:
        return define_alert(
            self,
            "Slow",
            says=f"Average duration of runs of {self.name}, in milliseconds",
            severity=Severity.WARNING,
            runbook=f"{self._settings.runbooks}#journey-slow",
            metric=self.metric_duration(period_minutes=self._period_minutes),
            threshold=1000 * self._settings.slow_seconds,
            evaluation_periods=3,
            period_minutes=self._period_minutes,
        )

    @property
    def _period_minutes(self) -> int:
        """The shortest period that a run falls into each time."""
        return next(minutes for minutes in _PERIODS if minutes >= self._settings.every_minutes)


def _name(canary: Canary, given: str | None) -> str:
    name = given or computed_name(canary, max_length=_LONGEST_NAME).lower()
    if not _NAME.fullmatch(name):  # no token does
        raise ValueError(
            f"name must be 1-{_LONGEST_NAME} lower-case letters, digits, hyphens and underscores, known at synth, got "
            f"{name!r}; with a longer one nobody could tell the name of its log"
        )
    return name


def _require_url(url: str) -> None:
    if Token.is_unresolved(url):
        return
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
        raise ValueError(f"url must be http(s)://host[:port], got {url!r}; paths belong to the steps")


def _require_steps(steps: Sequence[JourneyStep], longest: int) -> None:
    require_journey(steps)
    for step in steps:
        for expression in (*step.check.json, *step.capture.values()):
            require_jmespath(f"json and capture of {step.name!r}", expression)
    seconds = longest_seconds(steps)
    if seconds > longest - START_SECONDS:
        raise ValueError(
            f"steps must take at most {longest - START_SECONDS} s in all, so that a run ends before the next begins, "
            f"got {seconds} s when every one times out; lower timeout_seconds or run it less often"
        )
    length = len(json.dumps([step.to_dict() for step in steps], separators=(",", ":")))
    if length > _LARGEST_JOURNEY:
        raise ValueError(
            f"steps must be at most {_LARGEST_JOURNEY} characters as JSON, got {length}; shorten bodies and patterns, "
            "or make two journeys"
        )
