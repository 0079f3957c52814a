"""What cdk-nag finds in a construct and is meant so, said by the construct itself: whoever uses it need not.

An acknowledgement costs nothing where no rule pack runs. A reason speaks of one finding alone.
"""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings in a construct and in everything inside it.

    Args:
        scope: The construct, as near to the finding as can be.
        reasons: Why each finding is meant so, by the rule's name with its pack: "AwsSolutions-SMG4",
            "AwsSolutions-IAM5[Resource::*]", "NIST.800.53.R5-LambdaDLQ".
    """
    for rule, reason in reasons.items():
        pack = rule.partition("-")[0]
        Validations.of(scope).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))
