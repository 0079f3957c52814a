"""Nothing that must be private has a public address or stands in a template."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from bluegreen.cdk.plaintext import why_secret, why_secret_string

from .rule import Found, Rule, Template, properties, resources, values

_PUBLIC_TASK = re.compile(r'assignPublicIp\\*"\s*:\s*\\*"ENABLED', re.IGNORECASE)
"""In a document within a string, such as the definition of a state machine, however deep."""
_PUBLIC = ("assignPublicIp", "PubliclyAccessible")
_PASSWORDS = {"AuthToken", "MasterUserPassword", "OAuthToken", "Password", "SecretAccessKey"}
"""Properties that hold a secret, whatever it looks like."""
_DYNAMIC = "{{resolve:"


def _find_public(template: Template) -> Found:
    for name, given in _mentioning(template, _PUBLIC):
        for path, value in values(given):
            if not isinstance(value, str | bool):
                continue
            last = path.rpartition(".")[2].lower()
            if (last == "assignpublicip" and value == "ENABLED") or _PUBLIC_TASK.search(str(value)):
                yield name, f"gives tasks a public address in {path}"
            if last == "publiclyaccessible" and value in (True, "true"):
                yield name, f"has a public address by {path}"


def _find_secret(template: Template) -> Found:
    for name, resource in resources(template):
        given = properties(resource)
        literal = given.get("SecretString")
        if resource["Type"] == "AWS::SecretsManager::Secret" and isinstance(literal, str):
            why = None if literal.startswith(_DYNAMIC) else why_secret_string(literal)
            if why:
                yield name, f"has a secret in SecretString: {why}"
        for variable, value in _variables(resource):
            if why := why_secret(variable, value):
                yield name, f"has a secret in the variable {variable}: {why}"
    for name, given in _mentioning(template, _PASSWORDS):
        for path, value in values(given):
            if path.rpartition(".")[2] in _PASSWORDS and isinstance(value, str) and not value.startswith(_DYNAMIC):
                yield name, f"has a secret in {path}"


def _mentioning(template: Template, words: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield logical id and properties of the few resources worth a look at each value, which takes a while."""
    sought = [word.lower() for word in words]
    for name, resource in resources(template):
        given = properties(resource)
        text = json.dumps(given).lower()
        if any(word in text for word in sought):
            yield name, given


def _variables(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the literal environment variables of a function or of a task's containers."""
    given = properties(resource)
    match resource["Type"]:
        case "AWS::Lambda::Function":
            found = (given.get("Environment") or {}).get("Variables", {}).items()
        case "AWS::ECS::TaskDefinition":
            found = [
                (variable.get("Name", ""), variable.get("Value"))
                for container in given.get("ContainerDefinitions") or []
                for variable in container.get("Environment") or []
            ]
        case _:
            found = []
    return ((name, value) for name, value in found if isinstance(value, str) and not value.startswith(_DYNAMIC))


PUBLIC_ADDRESS = Rule(
    name="public-address",
    says="no task and no database has a public address",
    fix="put it into private subnets and let users in through a load balancer",
    find=_find_public,
)
LITERAL_SECRET = Rule(
    name="literal-secret",
    says="no secret stands in a template",
    fix="keep it in Secrets Manager and refer to it",
    find=_find_secret,
)
