"""What a container finds in its environment: the task definition's variables, and its secrets, read at task start."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.rehearsal.cloud.api import Document

_SECRET_ARN_PARTS = 7


class SecretUnavailableError(Exception):
    """A secret cannot be read; the text is worded like the reason ECS gives for the stopped task."""


@dataclass(frozen=True)
class SecretSource:
    """Where one secret variable comes from.

    Args:
        secret_id: The secret's ARN, or the parameter's ARN or name.
        is_parameter: It is kept in SSM, not in Secrets Manager.
        json_key: A key of the secret's JSON document; None takes the whole text.
        version_stage: None takes AWSCURRENT.
        version_id: None takes the one of the stage.
    """

    secret_id: str
    is_parameter: bool = False
    json_key: str | None = None
    version_stage: str | None = None
    version_id: str | None = None


def parse_value_from(value_from: str) -> SecretSource:
    """Read a container secret's `valueFrom`.

    Example:
        >>> parse_value_from("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:url::").json_key
        'url'
    """
    parts = value_from.split(":")
    if len(parts) < _SECRET_ARN_PARTS or parts[2] != "secretsmanager":
        return SecretSource(value_from, is_parameter=True)
    key, stage, version = (*(part or None for part in parts[_SECRET_ARN_PARTS:]), None, None, None)[:3]
    return SecretSource(":".join(parts[:_SECRET_ARN_PARTS]), False, key, stage, version)


def resolve(container: Document, client: Callable[[str], Any]) -> dict[str, str]:
    """Return the variables that a container definition declares.

    Args:
        container: The container definition.
        client: Makes boto3 clients.

    Raises:
        SecretUnavailableError: If a secret, or its JSON key, cannot be read.
    """
    variables = {pair["name"]: pair.get("value", "") for pair in container.get("environment", [])}
    documents: dict[SecretSource, str] = {}
    for secret in container.get("secrets", []):
        source = parse_value_from(secret["valueFrom"])
        whole = SecretSource(source.secret_id, source.is_parameter, None, source.version_stage, source.version_id)
        if whole not in documents:
            documents[whole] = _read(whole, client)
        variables[secret["name"]] = _pick(documents[whole], source)
    return variables


def base_environment(region: str, platform: Mapping[str, str]) -> dict[str, str]:
    """Return what every container has without declaring it.

    PATH and HOME are this machine's; LANG keeps Python's output in UTF-8; the rest is what Fargate sets, and what
    stands for its credentials endpoint.
    """
    machine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    fargate = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}
    return machine | {"LANG": "C.UTF-8"} | fargate | dict(platform)


def _read(source: SecretSource, client: Callable[[str], Any]) -> str:
    try:
        if source.is_parameter:
            name = source.secret_id.rpartition(":parameter")[2]
            return str(client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        versions = {"VersionStage": source.version_stage, "VersionId": source.version_id}
        request = {"SecretId": source.secret_id} | {key: value for key, value in versions.items() if value}
        return str(client("secretsmanager").get_secret_value(**request)["SecretString"])
    except (ClientError, BotoCoreError, KeyError) as error:
        store = "ssm" if source.is_parameter else "asm"
        place = "ssm" if source.is_parameter else "secrets manager"
        raise SecretUnavailableError(
            f"unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret "
            f"from {store}: service call has been retried 1 time(s): failed to fetch secret {source.secret_id} from "
            f"{place}: {error}"
        ) from error


def _pick(document: str, source: SecretSource) -> str:
    if source.json_key is None:
        return document
    prefix = (
        f"unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from "
        f"asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager ({source.secret_id})"
    )
    try:
        fields = json.loads(document)
    except ValueError:
        raise SecretUnavailableError(f"{prefix} is not a JSON document") from None
    if not isinstance(fields, dict) or source.json_key not in fields:
        raise SecretUnavailableError(f"{prefix} did not contain json key {source.json_key}")
    value = fields[source.json_key]
    return value if isinstance(value, str) else json.dumps(value)
