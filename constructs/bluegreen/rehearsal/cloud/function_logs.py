"""Where Lambda functions write in ministack: a log group that is gone comes back only if the role may make it.

ministack makes the group for any function that writes. AWS asks the function's role, so that a function that ends after
its stack deleted the group, or the role, leaves nothing behind.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

import importlib
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

FUNCTIONS_MODULE = "ministack.services.lambda_svc"
FUNCTIONS_NAMES = ("_emit_lambda_logs",)
LOGS_MODULE = "ministack.services.cloudwatch_logs"
LOGS_NAMES = ("_log_groups",)
IAM_MODULE = "ministack.services.iam"
IAM_NAMES = ("_roles", "_lookup_policy")
"""What is read or replaced in these modules; checked before anything starts."""

ACTION = "logs:CreateLogGroup"


def install() -> None:
    """Let no function write into a log group that neither exists nor may be made by the function's role."""
    functions: Any = importlib.import_module(FUNCTIONS_MODULE)
    groups: Any = importlib.import_module(LOGS_MODULE)._log_groups  # noqa: SLF001 - checked by name in extension.py
    iam: Any = importlib.import_module(IAM_MODULE)
    emit = functions._emit_lambda_logs  # noqa: SLF001 - likewise

    def emit_if_possible(function: dict[str, Any], *arguments: Any, **named: Any) -> None:
        config = function.get("config", function)
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        if group in groups or allows(_documents(iam, config.get("Role", ""))):
            emit(function, *arguments, **named)

    functions._emit_lambda_logs = emit_if_possible  # noqa: SLF001 - likewise


def allows(documents: Iterator[dict[str, Any]]) -> bool:
    """Return whether any policy allows making log groups; resources, conditions and denials are not looked at.

    Example:
        >>> allows(iter([{"Statement": [{"Effect": "Allow", "Action": ["logs:Create*"], "Resource": "*"}]}]))
        True
        >>> allows(iter([{"Statement": {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}}]))
        False
    """
    return any(
        fnmatchcase(ACTION.lower(), pattern.lower())
        for document in documents
        for statement in _listed(document.get("Statement", []))
        if statement["Effect"] == "Allow"
        for pattern in _listed(statement.get("Action", []))
    )


def _documents(iam: Any, role_arn: str) -> Iterator[dict[str, Any]]:
    """Yield the policies of a role; of one that is gone, none."""
    role = iam._roles.get(role_arn.rpartition("/")[2], {"InlinePolicies": {}, "AttachedPolicies": []})  # noqa: SLF001 - likewise
    managed = (iam._lookup_policy(arn) for arn in role["AttachedPolicies"])  # noqa: SLF001 - likewise
    versions = (
        version
        for policy in managed
        if policy
        for version in policy["Versions"].values()
        if version["IsDefaultVersion"]
    )
    for document in (*role["InlinePolicies"].values(), *(version["Document"] for version in versions)):
        yield json.loads(document) if isinstance(document, str) else document


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
