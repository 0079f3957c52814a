"""What policies allow beyond named actions on named resources: IAM Access Analyzer's first questions, asked offline."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NO_RESOURCE: Mapping[str, str] = {
    "application-autoscaling:DescribeScalableTargets": "describes on all resources only",
    "backup:DescribeRestoreJob": "takes no resource",
    "backup:PutRestoreValidationResult": "takes no resource",
    "cloudformation:BatchDescribeTypeConfigurations": "takes no resource; drift detection asks for it",
    "cloudwatch:DescribeAlarms": "describes on all resources only, when alarms are looked for by prefix or state",
    "cloudwatch:PutMetricData": "takes no resource; narrowed to a namespace by a condition",
    "codedeploy:BatchGetDeploymentTargets": "AWS's references disagree on a narrower one",
    "codedeploy:ContinueDeployment": "AWS's references disagree on a narrower one",
    "codedeploy:ListDeploymentTargets": "AWS's references disagree on a narrower one",
    "codedeploy:StopDeployment": "AWS's references disagree on a narrower one",
    "ec2:AssignPrivateIpAddresses": "Lambda in a VPC: EC2 takes no resource before the interface exists",
    "ec2:CreateNetworkInterface": "Lambda in a VPC; the function's own code is denied it",
    "ec2:DeleteNetworkInterface": "Lambda in a VPC: EC2 takes no resource before the interface exists",
    "ec2:DescribeNetworkInterfaces": "EC2 describes on all resources only",
    "ec2:DescribeSubnets": "EC2 describes on all resources only",
    "ec2:UnassignPrivateIpAddresses": "Lambda in a VPC: EC2 takes no resource before the interface exists",
    "ecr:GetAuthorizationToken": "a token for the whole registry; takes no resource",
    "ecs:DescribeTaskDefinition": "takes no resource",
    "ecs:ListTasks": "narrowed to the cluster by a condition",
    "elasticloadbalancing:DescribeListeners": "Elastic Load Balancing describes on all resources only",
    "elasticloadbalancing:DescribeRules": "Elastic Load Balancing describes on all resources only",
    "elasticloadbalancing:DescribeTargetGroupAttributes": "Elastic Load Balancing describes on all resources only",
    "elasticloadbalancing:DescribeTargetGroups": "Elastic Load Balancing describes on all resources only",
    "logs:DescribeLogGroups": "CloudWatch Logs lists log groups on all resources only",
    "s3:ListAllMyBuckets": "CloudWatch Synthetics asks for it; S3 lists buckets on all resources only",
    "ssmmessages:CreateControlChannel": "ECS Exec's channel: takes no resource",
    "ssmmessages:CreateDataChannel": "ECS Exec's channel: takes no resource",
    "ssmmessages:OpenControlChannel": "ECS Exec's channel: takes no resource",
    "ssmmessages:OpenDataChannel": "ECS Exec's channel: takes no resource",
    "xray:PutTelemetryRecords": "X-Ray takes no resource",
    "xray:PutTraceSegments": "X-Ray takes no resource",
}
"""The actions that may stand beside resource "*", each with the reason. Nothing else may."""
MANAGED: Mapping[str, str] = {
    "SecurityAudit": "drift detection reads every kind of resource as its caller; this reads settings, and no data",
    "service-role/AWSBackupServiceRolePolicyForBackup": "AWS Backup's own list of what a backup takes",
    "service-role/AWSBackupServiceRolePolicyForRestores": "AWS Backup's own list of what a restore takes",
    "service-role/AmazonRDSEnhancedMonitoringRole": "RDS writes into one log group that it names itself",
}
"""AWS's managed policies that a role may have, each with the reason. Nothing in a template shows what they allow."""
_MANAGED = re.compile(r":iam::aws:policy/([\w/-]+)")


@dataclass(frozen=True)
class Broad:
    """A statement that allows more than named actions on named resources to named principals.

    Args:
        resource: The logical id of the policy's resource.
        what: What is too broad, in words.
    """

    resource: str
    what: str


def broad_statements(template: Mapping[str, Any]) -> Iterator[Broad]:
    """Find statements that allow too much.

    Args:
        template: A CloudFormation template.

    Yields:
        Each action "*" or "service:*", each NotAction, each resource "*" beside an action that `NO_RESOURCE` does not
        list, each principal "*" without a condition, and each of AWS's managed policies that `MANAGED` does not list.
        In the policy of a resource, such as a key, "*" means this resource.

    Example:
        >>> statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:*"], "Resource": "*"}
        >>> policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}
        >>> for broad in broad_statements({"Resources": {"P": policy}}):
        ...     print(broad.what)
        action s3:*
        s3:GetObject on every resource
    """
    for logical_id, resource in template["Resources"].items():
        of_a_resource = not resource["Type"].startswith(("AWS::IAM::", "AWS::SSO::"))
        for statement in _statements(resource.get("Properties", {})):
            if statement.get("Effect") == "Allow":
                for what in _too_broad(statement, of_a_resource=of_a_resource):
                    yield Broad(logical_id, what)
        for policy in _managed(resource):
            if policy not in MANAGED:
                yield Broad(logical_id, f"AWS's managed policy {policy}")


def unneeded(templates: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what `NO_RESOURCE` and `MANAGED` list although no template needs it.

    Args:
        templates: All templates that are audited.
    """
    needed: set[str] = set()
    for template in templates:
        for resource in template["Resources"].values():
            needed.update(_managed(resource))
            for statement in _statements(resource.get("Properties", {})):
                if "*" in _listed(statement.get("Resource", [])):
                    needed.update(_listed(statement.get("Action", [])))
    return [name for name in (*NO_RESOURCE, *MANAGED) if name not in needed]


def _managed(resource: Mapping[str, Any]) -> list[str]:
    return _MANAGED.findall(json.dumps(resource.get("Properties", {}).get("ManagedPolicyArns", [])))


def _statements(document: Any) -> Iterator[Mapping[str, Any]]:
    """Find policy statements at any depth: a role has several documents, a queue's policy another name for its own."""
    if isinstance(document, list):
        for item in document:
            yield from _statements(item)
    elif isinstance(document, dict):
        if "Effect" in document and ("Action" in document or "NotAction" in document):
            yield document
        else:
            for value in document.values():
                yield from _statements(value)


def _too_broad(statement: Mapping[str, Any], *, of_a_resource: bool) -> Iterator[str]:
    actions = _listed(statement.get("Action", []))
    if "NotAction" in statement:
        yield "everything but some actions"
    wild = [action for action in actions if isinstance(action, str) and (action == "*" or action.endswith(":*"))]
    own_key = of_a_resource and wild == ["kms:*"]  # AWS's default statement: the account's IAM decides about the key
    if not own_key:
        yield from (f"action {action}" for action in wild)
    if "*" in _listed(statement.get("Resource", [])) and not of_a_resource:
        unlisted = [action for action in actions if action not in NO_RESOURCE and action not in wild]
        yield from (f"{action} on every resource" for action in unlisted)
    if _anybody(statement.get("Principal")) and "Condition" not in statement:
        yield "any principal, without a condition"


def _anybody(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS", [])))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
