"""Looks every day whether stacks are still as their templates say, and tells what is not."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge, acknowledge_wildcards
from bluegreen.cdk._arns import OWN
from bluegreen.cdk._durations import days, minutes
from bluegreen.cdk._functions import call_by_events, small_function
from bluegreen.cdk._grants import Grants
from bluegreen.cdk._log_groups import log_group
from bluegreen.cdk._principals import FUNCTIONS
from bluegreen.cdk.watching.alert import Alert, Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

from .expected_drift import EXPECTED_DRIFT

_NAMESPACE = "Bluegreen/Drift"
_METRIC = "DriftedResources"
_MOST_STACKS = 10
_MEANT = {
    "NIST.800.53.R5-LambdaConcurrency": "called once a day and once a stack, whose detections AWS runs one at a time",
    "NIST.800.53.R5-LambdaDLQ": "Lambda asks twice more, an alarm tells of it, and the next day looks again",
    "NIST.800.53.R5-LambdaInsideVPC": "it calls AWS's own interfaces alone, also about the VPC itself",
}
_READS = (
    "CloudFormation reads each resource with the rights of whoever has it look for drift; this policy of AWS's reads "
    "settings and no data"
)


class DriftWatch(Construct):
    """Has CloudFormation compare stacks with their templates every day, and tells what somebody changed by hand.

    The message names each resource and property, with what the template says and what is there. What this library
    changes between deployments (`EXPECTED_DRIFT`) does not count. Nothing is changed back. Types that CloudFormation
    cannot compare are not looked at, nor are nested stacks, properties that the template leaves out, and stacks that
    are being deployed at that moment.

    Args:
        scope: The stack or construct that it belongs to; one that outlives what it watches.
        construct_id: Its name there.
        stacks: The names of the stacks in its account and region, 1-10.
        topic: Where drift is told, in the same stack.
        key: What encrypts the function's log; AWS's own key when omitted.
        schedule: When it looks, in UTC, as EventBridge writes it. At 4:40 every morning when omitted.
        expected: More that may differ: by type, property paths such as "/DesiredCount", each with the reason. Nothing
            when omitted.
        log_retention: How long the log is kept; one month when omitted.
        severity: How soon somebody must look at drift; a warning when omitted.
        runbooks: Where the runbooks are, a path or URL without anchor; docs/runbooks.md when omitted.

    Attributes:
        function: What has it looked for, and tells.
        alerts: A stack has drifted; or nobody looks.

    Raises:
        ValueError: If there are too few or too many stacks, or an expected difference has no reason.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stacks: Sequence[str],
        topic: sns.ITopic,
        key: kms.IKey | None = None,
        schedule: str = "cron(40 4 * * ? *)",
        expected: Mapping[str, Mapping[str, str]] | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        severity: Severity = Severity.WARNING,
        runbooks: str = RUNBOOKS,
    ) -> None:
        _require(stacks, expected or {})
        super().__init__(scope, construct_id)
        group = log_group(self, "LogGroup", key=key, retention=log_retention)
        role = self._define_role(group, stacks)
        topic.grant_publish(role)
        settings = {
            "stacks": list(stacks),
            "topic": topic.topic_arn,
            "runbook": f"{runbooks}#drift",
            "expected": _paths(expected or {}),
        }
        self.function = small_function(
            self,
            "Function",
            family="guardrails",
            handler="drift.handle",
            description=f"Looks for drift of {', '.join(stacks)}",
            timeout_seconds=60,
            role=role,
            log_group=group,
            environment={"BLUEGREEN_DRIFT": Stack.of(self).to_json_string(settings)},
        )
        acknowledge(self.function, _MEANT)
        calls = f"Calls {self.node.path}"
        call_by_events(self, "Schedule", self.function, description=calls, schedule=schedule)
        call_by_events(self, "Ended", self.function, description=calls, pattern=_ended(stacks))
        self.alerts: Sequence[Alert] = [
            *(self._alert(stack, severity, f"{runbooks}#drift") for stack in stacks),
            define_alert(
                self,
                "NotLooked",
                says="Failures of what looks for drift",
                severity=Severity.INFO,
                runbook=f"{runbooks}#drift-is-not-looked-for",
                metric=self.function.metric_errors(period=minutes(5), statistic="Sum"),
                threshold=0,
            ),
        ]

    def _alert(self, stack: str, severity: Severity, runbook: str) -> Alert:
        metric = cloudwatch.Metric(
            namespace=_NAMESPACE,
            metric_name=_METRIC,
            dimensions_map={"Stack": stack},
            statistic="Maximum",
            period=days(1),
        )
        return define_alert(
            self,
            f"{stack}Drifted",
            says=f"Resources of {stack} that are not as its template says",
            severity=severity,
            runbook=runbook,
            metric=metric,
            threshold=0,
            missing=cloudwatch.TreatMissingData.IGNORE,  # a day on which nobody looked has mended nothing
        )

    def _define_role(self, group: logs.ILogGroup, stacks: Sequence[str]) -> iam.Role:
        arns = [_stack_arn(stack, "*") for stack in stacks]
        grants = Grants()
        grants.add(
            "cloudformation:DetectStackDrift",
            "cloudformation:DetectStackResourceDrift",
            "cloudformation:DescribeStackResourceDrifts",
            on=arns,
        )
        grants.add("cloudformation:BatchDescribeTypeConfigurations", on=["*"])
        grants.add("cloudwatch:PutMetricData", on=["*"], when={"StringEquals": {"cloudwatch:namespace": _NAMESPACE}})
        grants.add("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn])
        role = iam.Role(
            self,
            "Role",
            description="Has CloudFormation look for drift",
            assumed_by=FUNCTIONS,
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("SecurityAudit")],
            inline_policies={"Drift": grants.document()},
        )
        acknowledge(
            role,
            {
                "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/SecurityAudit]": _READS,
                "AwsSolutions-IAM5[Action::kms:GenerateDataKey*]": "what the topic's key must allow whoever publishes",
            },
        )
        acknowledge_wildcards(
            role,
            {
                "*": "neither a metric nor a type's configuration is a resource that a policy could name",
                **dict.fromkeys(arns, "the last part of a stack's ARN is made when it is deployed"),
            },
        )
        return role


def _ended(stacks: Sequence[str]) -> Mapping[str, object]:
    return {
        "source": ["aws.cloudformation"],
        "detail-type": ["CloudFormation Drift Detection Status Change"],
        "detail": {
            "stack-id": [{"prefix": _stack_arn(stack, "")} for stack in stacks],
            "status-details": {"detection-status": ["DETECTION_COMPLETE", "DETECTION_FAILED"]},
        },
    }


def _stack_arn(stack: str, end: str) -> str:
    return OWN.slash("cloudformation", "stack", f"{stack}/{end}")


def _paths(expected: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    return {
        kind: sorted({*EXPECTED_DRIFT.get(kind, ()), *expected.get(kind, ())})
        for kind in sorted({*EXPECTED_DRIFT, *expected})
    }


def _require(stacks: Sequence[str], expected: Mapping[str, Mapping[str, str]]) -> None:
    if not 1 <= len(set(stacks)) == len(stacks) <= _MOST_STACKS:
        raise ValueError(f"stacks must be 1-{_MOST_STACKS} names, each once, got {list(stacks)}")
    for kind, paths in expected.items():
        for path, reason in paths.items():
            if not path.startswith("/") or not reason.strip():
                raise ValueError(
                    f"expected must be property paths such as '/DesiredCount', each with a reason, got {path!r}: "
                    f"{reason!r} for {kind}"
                )
