"""AWS's own schemas of CloudFormation's resource types, one at a time, from the data that cfn-lint brings.

The data is read as files: importing cfn-lint takes seconds, reading the one schema that a template needs a millisecond.
"""

import functools
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluegreen.errors import BluegreenError
from bluegreen.rehearsal.cloud.api import Document

_REGION = "us-east-1"
_PROPERTY = "/properties/"


class SchemasMissingError(BluegreenError):
    """The schemas of AWS's resource types are not where cfn-lint keeps them."""


@dataclass(frozen=True)
class Schema:
    """The schema of one resource type.

    Args:
        type_name: Such as "AWS::WAFv2::WebACL".
        document: AWS's schema of it.
    """

    type_name: str
    document: Document

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The properties that name a resource, in the order in which `Ref` joins them."""
        return self._paths("primaryIdentifier")

    @property
    def read_only(self) -> tuple[str, ...]:
        """What only `Fn::GetAtt` has, with dots where properties are nested; members of lists are left out."""
        return tuple(path for path in self._paths("readOnlyProperties") if "*" not in path)

    @property
    def create_only(self) -> tuple[str, ...]:
        """What cannot be changed without a new resource, with dots where properties are nested."""
        return tuple(path for path in self._paths("createOnlyProperties") if "*" not in path)

    @property
    def iam_prefix(self) -> str:
        """The service as IAM and ARNs call it, from the permission that creates such a resource."""
        service, resource = self.type_name.split("::")[1:]
        permissions = self.document.get("handlers", {}).get("create", {}).get("permissions", [])
        named = [one for one in permissions if one.endswith(resource)] or [
            one for one in permissions if one.partition(":")[0] in service.lower()
        ]
        return (named[0].partition(":")[0] if named else service).lower()

    def property(self, path: str) -> Document:
        """Return the schema of a property; an empty one where AWS has none.

        Args:
            path: Its name, with dots where it is nested.
        """
        found: Any = self.document
        for name in path.split("."):
            found = self.resolve(self.resolve(found).get("properties", {}).get(name, {}))
        return dict(found)

    def resolve(self, part: Document) -> Document:
        """Return a part of the schema, or what it refers to."""
        reference = part.get("$ref")
        if reference is None:
            return part
        found: Any = self.document
        for name in str(reference).removeprefix("#/").split("/"):
            found = found.get(name, {})
        return self.resolve(found)

    def _paths(self, key: str) -> tuple[str, ...]:
        paths = self.document.get(key) or []
        return tuple(path.removeprefix(_PROPERTY).replace("/properties/", "/").replace("/", ".") for path in paths)


@functools.cache
def type_names() -> dict[str, str]:
    """Return every resource type that AWS has, with where its schema is.

    Raises:
        SchemasMissingError: If cfn-lint is not installed, or keeps its data elsewhere.
    """
    path = _folder() / "providers" / f"{_REGION}.json"
    try:
        names: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SchemasMissingError(
            f"this cfn-lint has no schemas at {path}", hint="pip install 'bluegreen[rehearsal]'"
        ) from error
    return names


@functools.cache
def schema(type_name: str) -> Schema:
    """Return the schema of one of `type_names`.

    Raises:
        SchemasMissingError: If it is not where cfn-lint says.
    """
    path = _folder() / "resources" / f"{type_names()[type_name]}.json"
    try:
        return Schema(type_name, json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise SchemasMissingError(
            f"this cfn-lint has no schema of {type_name} at {path}", hint="pip install 'bluegreen[rehearsal]'"
        ) from error


def _folder() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise SchemasMissingError("cfn-lint is not installed", hint="pip install 'bluegreen[rehearsal]'")
    return Path(spec.origin).parent / "data" / "schemas"
