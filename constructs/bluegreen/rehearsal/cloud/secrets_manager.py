"""AWS::SecretsManager::Secret over the API that ministack offers: `Ref` is the secret's ARN, as on AWS.

ministack's own type returns the name, and generates passwords without most of GenerateSecretString's choices.
"""

import json
from collections.abc import Callable
from typing import Any, ClassVar

from .api import Created, Document
from .template_properties import as_request

_ITS_OWN = frozenset({"GenerateSecretString", "SecretString", "ReplicaRegions", "Type"})
_OF_THE_TEMPLATE = frozenset({"SecretStringTemplate", "GenerateStringKey"})


class SecretType:
    """AWS::SecretsManager::Secret; replicas in other regions are not made, for there is one region.

    Args:
        client: Makes boto3 clients by service name.
    """

    type_name: ClassVar[str] = "AWS::SecretsManager::Secret"
    create_only: ClassVar[frozenset[str]] = frozenset({"Name"})

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def create(self, name: str, properties: Document) -> Created:
        """Create the secret, with a value that is given or generated.

        Raises:
            ValueError: If both are asked for, or the template of a generated value is no JSON object.
        """
        plain = {key: value for key, value in properties.items() if key not in _ITS_OWN}
        request = as_request("secretsmanager", "CreateSecret", {"Name": name} | plain)
        value = self._value(properties)
        made = self._client("secretsmanager").create_secret(**request, **({"SecretString": value} if value else {}))
        return _created(made["ARN"])

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change description, key and tags; a new version is made only when what makes the value changed.

        Raises:
            ValueError: As `create`.
        """
        secrets = self._client("secretsmanager")
        changed: Document = {
            key: new[key] for key in ("Description", "KmsKeyId") if new.get(key) != old.get(key) and key in new
        }
        makes_value = ("SecretString", "GenerateSecretString")
        if any(new.get(key) != old.get(key) for key in makes_value) and (value := self._value(new)):
            changed["SecretString"] = value
        if changed:
            secrets.update_secret(SecretId=physical_id, **changed)
        stale = _tags(old).keys() - _tags(new).keys()
        if stale:
            secrets.untag_resource(SecretId=physical_id, TagKeys=sorted(stale))
        if _tags(new) != _tags(old) and new.get("Tags"):
            secrets.tag_resource(SecretId=physical_id, Tags=new["Tags"])
        return _created(physical_id)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the ARN is enough
        """Delete the secret at once, as CloudFormation does; succeed when it is gone."""
        self._client("secretsmanager").delete_secret(SecretId=physical_id, ForceDeleteWithoutRecovery=True)

    @staticmethod
    def not_emulated(properties: Document) -> str:
        """Say what of such a secret is not played; nothing when all of it is."""
        return "replicas in other regions" if properties.get("ReplicaRegions") else ""

    def _value(self, properties: Document) -> str:
        given, asked = properties.get("SecretString"), properties.get("GenerateSecretString")
        if given is not None and asked is not None:
            raise ValueError("You can't specify both SecretString and GenerateSecretString")
        if asked is None:
            return str(given or "")
        choices = {key: value for key, value in asked.items() if key not in _OF_THE_TEMPLATE}
        request = as_request("secretsmanager", "GetRandomPassword", choices)
        generated = str(self._client("secretsmanager").get_random_password(**request)["RandomPassword"])
        if "SecretStringTemplate" not in asked:
            return generated
        document = json.loads(asked["SecretStringTemplate"])
        if not isinstance(document, dict) or "GenerateStringKey" not in asked:
            raise ValueError("SecretStringTemplate must be a JSON object, and needs a GenerateStringKey")
        return json.dumps(document | {asked["GenerateStringKey"]: generated})


def _tags(properties: Document) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}


def _created(arn: str) -> Created:
    return Created(arn, {"Id": arn, "Arn": arn})
