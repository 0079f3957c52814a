"""What of watching the reference does not use: an archive of logs, a status page that is served, and own figures."""

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.watching import (
    AlarmTopics,
    LogArchive,
    LogErrors,
    Severity,
    StatusFeed,
    define_alert,
    define_composite_alert,
)

_MEANT_OF_THE_PAGE = {
    "CFR1": "a status page is for readers in any country",
    "CFR2": "two static files, served from the cache, leave a firewall nothing to do",
    "CFR3": "nobody asks who read this sample's page",
    "CFR4": "a name of one's own, with a certificate and its TLS policy, is left out here",
}


def define(app: cdk.App) -> None:
    """Add a stack whose alerts are of figures of its own: orders that wait too long, and errors in JSON logs.

    Args:
        app: The app.
    """
    stack = cdk.Stack(app, "GalleryWatching")
    key = EnvironmentKey(stack, "Key", alias="gallery-watching").key
    topics = AlarmTopics(stack, "Alarms", key=key, emails={Severity.CRITICAL: ["on-call@example.com"]})
    waiting = define_alert(
        stack,
        "OrdersWait",
        says="Seconds that the oldest order waits",
        severity=Severity.CRITICAL,
        runbook="docs/runbooks.md#throughput",
        metric=cloudwatch.Metric(namespace="Shop", metric_name="OldestOrderSeconds", statistic="Maximum"),
        threshold=300,
        evaluation_periods=3,
        missing=cloudwatch.TreatMissingData.BREACHING,
    )
    log = logs.LogGroup(stack, "Log", retention=logs.RetentionDays.ONE_WEEK, encryption_key=key)
    errors = LogErrors(
        stack, "Errors", log_group=log, pattern=logs.FilterPattern.string_value("$.level", "=", "error"), more_than=0
    )
    stuck = define_composite_alert(
        stack,
        "OrdersAreStuck",
        says="Orders wait while the log is full of errors",
        severity=Severity.CRITICAL,
        runbook="docs/runbooks.md#throughput",
        any_of=[(waiting, *errors.alerts)],
    )
    archive = LogArchive(stack, "LogArchive", key=key, glacier_after_days=30, keep_days=365)
    archive.add(stack, "ArchivedLog", log)
    status = StatusFeed(stack, "Status", title="Shop", components={"Ordering": [stuck, waiting]}, key=key)
    topics.tell([stuck, *status.alerts])
    page = cloudfront.Distribution(
        stack,
        "Page",
        default_behavior=cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin("www.example.com"),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        ),
    )
    status.serve_through(page)
    for rule, reason in _MEANT_OF_THE_PAGE.items():
        cdk.Validations.of(page).acknowledge(cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))
