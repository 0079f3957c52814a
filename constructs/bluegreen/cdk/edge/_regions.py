"""What AWS keeps in one region, wherever the rest is."""

from aws_cdk import Stack, Token
from constructs import IConstruct

GLOBAL_REGION = "us-east-1"
"""Where CloudFront and Route 53 have their certificates, firewalls, logs and metrics."""


def in_us_east_1(construct: IConstruct) -> bool:
    """Return whether a construct's stack is known to be in us-east-1."""
    return Stack.of(construct).region == GLOBAL_REGION


def require_us_east_1(name: str, construct: IConstruct) -> None:
    """Refuse a construct whose region is known at synth and is another one.

    Args:
        name: What the caller calls it.
        construct: What must be in us-east-1.

    Raises:
        ValueError: If its stack is known to be elsewhere.
    """
    region = Stack.of(construct).region
    if not Token.is_unresolved(region) and region != GLOBAL_REGION:
        raise ValueError(
            f"{name} must be in {GLOBAL_REGION}, got {construct.node.path} in {region}; define it in a stack of that "
            "region, with cross_region_references=True in both stacks"
        )
