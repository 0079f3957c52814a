"""ARNs put together from names, for what does not exist yet or would have to wait for its user."""

from aws_cdk import ArnFormat, Stack
from constructs import Construct


def colon_arn(scope: Construct, service: str, resource: str, name: str) -> str:
    """Return an ARN of the form `arn:…:service:region:account:resource:name` in the scope's stack."""
    return Stack.of(scope).format_arn(
        service=service, resource=resource, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def slash_arn(scope: Construct, service: str, resource: str, name: str) -> str:
    """Return an ARN of the form `arn:…:service:region:account:resource/name` in the scope's stack."""
    return Stack.of(scope).format_arn(service=service, resource=resource, resource_name=name)
