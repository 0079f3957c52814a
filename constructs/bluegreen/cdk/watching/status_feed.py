"""What a status page is made of: a JSON document and an Atom feed that follow the alarms."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import minutes
from bluegreen.cdk._functions import call_by_events, small_function
from bluegreen.cdk._grants import Grants
from bluegreen.cdk._log_groups import log_group
from bluegreen.cdk._principals import FUNCTIONS
from bluegreen.cdk._private_bucket import private_bucket

from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_alert

if TYPE_CHECKING:
    from aws_cdk import aws_cloudfront as cloudfront

_PATTERN = "status/*"
_OBJECTS = ("alarms.json", "status/status.json", "status/feed.atom")
"""What the function reads and writes. The first names alarms, and no path of a page leads to it."""
_MOST_ALARMS = 40
"""EventBridge takes patterns of 2048 characters."""
_MEANT = {
    "NIST.800.53.R5-LambdaConcurrency": "alarms change seldom; a limit would delay the page when many change at once",
    "NIST.800.53.R5-LambdaDLQ": "Lambda asks twice more, an alarm tells of it, and the next change makes up for it",
    "NIST.800.53.R5-LambdaInsideVPC": "it calls S3 alone, and the page must be right when the VPC is not",
}
_MEANT_OF_BUCKET = {
    "AwsSolutions-S1": "it holds what the public may read, without a record of who did",
    "NIST.800.53.R5-S3BucketLoggingEnabled": "readers of a public page are recorded where it is served, not in S3",
    "NIST.800.53.R5-S3BucketReplicationEnabled": "the page is made anew from the alarms of the region that it is about",
    "NIST.800.53.R5-S3DefaultEncryptionKMS": "a page for everybody needs no key that decides who may read it",
}


class StatusFeed(Construct):
    """Writes which part of a service works, since when, and what happened before, as its alarms change.

    `status/status.json` is for a page, `status/feed.atom` for feed readers; both name components, never alarms. A
    critical alert that is raised is an outage of its component, a warning a degradation. The bucket is private: who
    shows it to whom is your choice, such as `serve_through` a CloudFront distribution.

    Changes may arrive twice and in any order: each alarm's newest counts. Nothing is written before the first change.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        title: What the page is about, 1-100 characters.
        components: The parts that people outside know, and the alerts that tell how each does; 1-40 alerts in all.
            Choose those on what users notice.
        key: What encrypts the function's log; AWS's own key when omitted.
        log_retention: How long the log is kept; one month when omitted.
        severity: How soon somebody must look when the page cannot be written; informing when omitted.
        runbooks: Where the runbooks are, a path or URL without anchor; docs/runbooks.md when omitted.

    Attributes:
        bucket: The bucket.
        function: What writes.
        alerts: The page cannot be written.

    Raises:
        ValueError: If the title or the components are out of range.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        title: str,
        components: Mapping[str, Sequence[Alert]],
        key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        severity: Severity = Severity.INFO,
        runbooks: str = RUNBOOKS,
    ) -> None:
        _require(title, components)
        super().__init__(scope, construct_id)
        self.bucket = self._define_bucket()
        group = log_group(self, "LogGroup", key=key, retention=log_retention)
        names = {
            component: {alert.alarm.alarm_name: alert.severity.value for alert in alerts}
            for component, alerts in components.items()
        }
        settings = {"title": title, "bucket": self.bucket.bucket_name, "components": names}
        self.function = small_function(
            self,
            "Function",
            family="watching",
            handler="status_feed.handle",
            description=f"Writes the status page of {self.to_string()}",
            timeout_seconds=60,
            role=self._define_role(group),
            log_group=group,
            environment={"BLUEGREEN_STATUS": Stack.of(self).to_json_string(settings)},
        )
        self._listen(sorted({alarm for alarms in names.values() for alarm in alarms}))
        failed = define_alert(
            self,
            "NotWritten",
            says="Failures of what writes the status page",
            severity=severity,
            runbook=f"{runbooks}#status-page",
            metric=self.function.metric_errors(period=minutes(5), statistic="Sum"),
            threshold=0,
        )
        self.alerts: Sequence[Alert] = [failed]
        acknowledge(self.function, _MEANT)

    def serve_through(self, distribution: "cloudfront.Distribution") -> None:
        """Serve page and feed at /status/status.json and /status/feed.atom of a CloudFront distribution.

        Args:
            distribution: The distribution, in the same stack.
        """
        from aws_cdk import aws_cloudfront as cloudfront  # noqa: PLC0415 - half a second, for this one method
        from aws_cdk import aws_cloudfront_origins as origins  # noqa: PLC0415 - likewise

        distribution.add_behavior(
            _PATTERN,
            origins.S3BucketOrigin.with_origin_access_control(self.bucket),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
        )

    def _define_bucket(self) -> s3.Bucket:
        bucket = private_bucket(self, "Bucket", key=None, old_versions_days=30, rule_id="ForgetOldPages")
        acknowledge(bucket, _MEANT_OF_BUCKET)
        return bucket

    def _define_role(self, group: logs.ILogGroup) -> iam.Role:
        bucket, grants = self.bucket.bucket_arn, Grants()
        grants.add("s3:GetObject", "s3:PutObject", on=[f"{bucket}/{name}" for name in _OBJECTS])
        # Without it, S3 says of an object that is not there that it is forbidden.
        grants.add("s3:ListBucket", on=[bucket])
        grants.add("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn])
        return iam.Role(
            self,
            "Role",
            description="Writes a status page",
            assumed_by=FUNCTIONS,
            inline_policies={"StatusPage": grants.document()},
        )

    def _listen(self, alarms: Sequence[str]) -> None:
        call_by_events(
            self,
            "Rule",
            self.function,
            description=f"Tells {self.to_string()} of alarms",
            pattern={
                "source": ["aws.cloudwatch"],
                "detail-type": ["CloudWatch Alarm State Change"],
                "detail": {"alarmName": alarms},
            },
        )


def _require(title: str, components: Mapping[str, Sequence[Alert]]) -> None:
    if not 1 <= len(title.strip()) <= 100:  # noqa: PLR2004 - a heading
        raise ValueError(f"title must be 1-100 characters, got {title!r}")
    alarms = sum(len(alerts) for alerts in components.values())
    if not 1 <= alarms <= _MOST_ALARMS:
        raise ValueError(f"components must have 1-{_MOST_ALARMS} alerts in all, got {alarms}; choose what users notice")
    empty = [name for name, alerts in components.items() if not alerts or not name.strip()]
    if empty:
        raise ValueError(f"every component must have a name and an alert, got none for {empty}")
