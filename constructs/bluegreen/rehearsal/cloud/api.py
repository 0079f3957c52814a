"""How an emulated AWS service is written and found: one class a service, one method an operation.

A service's operations are its methods named like boto3's client methods. Each takes the request as the dictionary boto3
would send (checked against botocore's model before the call) and returns the dictionary boto3 would receive.
A CloudFormation resource type is an object with `create`, `update` and `delete`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

Document = dict[str, Any]
"""A request, a response or a resource's properties."""


class ApiError(Exception):
    """A refusal, reported to the client as AWS would report it.

    Args:
        code: The error code, such as "DeploymentLimitExceededException".
        message: What is wrong.
        status: The HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Service(Protocol):
    """An emulated AWS service; its other public methods are the operations it offers."""

    botocore_name: ClassVar[str]
    """The name of the service in botocore, such as "elbv2"."""


@dataclass(frozen=True)
class Created:
    """What CloudFormation learns of a resource: what `Ref` returns, and what `Fn::GetAtt` can return."""

    physical_id: str
    attributes: Mapping[str, object] = field(default_factory=dict)


class ResourceType(Protocol):
    """A CloudFormation resource type. Called on a worker thread: a method may block until the resource is stable.

    Any exception fails the resource with the exception's text as the reason.
    """

    @property
    def type_name(self) -> str:
        """Such as "AWS::CodeDeploy::Application"."""

    @property
    def create_only(self) -> frozenset[str]:
        """Top-level properties whose change replaces the resource: a new one is created, then the old one deleted."""

    def create(self, name: str, properties: Document) -> Created:
        """Create the resource; `name` is the physical name to use when the properties give none."""

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change the resource in place; never called when a create-only property changed."""

    def delete(self, physical_id: str, properties: Document) -> None:
        """Delete the resource; succeed when it is already gone."""


@runtime_checkable
class PartlyEmulated(Protocol):
    """A resource type that accepts properties with nothing behind them."""

    def not_emulated(self, properties: Document) -> str:
        """Say in a few words what a resource with these properties has with nothing behind it; nothing, if it has none.

        It is listed as the type with these words in parentheses.
        """


@runtime_checkable
class Snapshotted(Protocol):
    """A resource type that `DeletionPolicy: Snapshot` means something for."""

    def snapshot(self, physical_id: str, properties: Document) -> None:
        """Let the deletion that follows keep the data in a snapshot; called on the event loop, so without waiting."""
