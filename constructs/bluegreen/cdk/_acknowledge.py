"""What cdk-nag finds in a construct and is meant so, said by the construct itself: whoever uses it need not.

An acknowledgement costs nothing where no rule pack runs. A reason speaks of one finding alone.
"""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings in a construct and in everything inside it.

    Args:
        scope: The construct, as near to the finding as can be.
        reasons: Why each finding is meant so, by the rule's name with its pack: "AwsSolutions-SMG4",
            "AwsSolutions-IAM5[Resource::*]", "NIST.800.53.R5-LambdaDLQ".
    """
    rules = [Acknowledgment(id=f"{rule.partition('-')[0]}::{rule}", reason=reason) for rule, reason in reasons.items()]
    if rules:
        Validations.of(scope).acknowledge(*rules)  # in one call: each crosses into Node


def acknowledge_wildcards(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge that policies in a construct allow something on resources whose names hold a wildcard.

    Args:
        scope: The construct, as near to the policies as can be.
        reasons: Why it is meant so, by the resource's ARN as the policy states it.
    """
    arns = Stack.of(scope).resolve(list(reasons))  # in one call
    names = [f"AwsSolutions-IAM5[Resource::{_flat(arn)}]" for arn in arns]
    acknowledge(scope, dict(zip(names, reasons.values(), strict=True)))


def _flat(reference: Any) -> str:
    """Write a reference as cdk-nag does in the name of a finding.

    Example:
        >>> _flat({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":ecs:", {"Fn::GetAtt": ["Orders", "Name"]}]]})
        'arn:<AWS::Partition>:ecs:<Orders.Name>'
    """
    match reference:
        case str():
            return reference.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [str(delimiter), [*items]]}:
            return delimiter.join(map(_flat, items))
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{_flat(resource)}.{_flat(attribute)}>"
        case {"Ref": name}:
            return f"<{_flat(name)}>"
        case {"Fn::ImportValue": name}:
            return _flat(name)
    return json.dumps(reference, separators=(",", ":"))
