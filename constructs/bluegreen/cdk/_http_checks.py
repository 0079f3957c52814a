"""What constructs that make HTTP checks have in common."""

from collections.abc import Iterable
from typing import Any

import jmespath

from bluegreen.release.checks import HttpCheck, SecretReference


def require_jmespath(where: str, expression: str) -> None:
    """Refuse what is no JMESPath expression.

    Args:
        where: What it was given as, for the message.
        expression: The expression.

    Raises:
        ValueError: If it does not parse.
    """
    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"{where} must be JMESPath expressions, got {expression!r}: {error}") from error


def secrets_of(checks: Iterable[HttpCheck]) -> list[SecretReference]:
    """Return the secrets that the headers of checks refer to."""
    values = [value for check in checks for value in check.headers.values()]
    return [value for value in values if isinstance(value, SecretReference)]


def network_statements() -> list[dict[str, Any]]:
    """What Lambda needs to put a function into a VPC, as IAM writes it; the function's own code may only look."""
    make = [
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
        "ec2:DescribeSubnets",
    ]
    return [
        {"Effect": "Allow", "Action": ["ec2:DescribeNetworkInterfaces", *make], "Resource": ["*"]},
        {
            "Effect": "Deny",
            "Action": make,
            "Resource": ["*"],
            # The key is there only when the function's code calls, not when Lambda does on its behalf.
            "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}},
        },
    ]
