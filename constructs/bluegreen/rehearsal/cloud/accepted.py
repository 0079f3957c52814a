"""Resource types that the local cloud accepts without emulating: they get an id, and nothing stands behind it.

A rehearsal lists them, so that nobody takes a green run for proof of what was never run.
"""

import uuid
from collections.abc import Mapping
from typing import ClassVar

from .api import Created, Document


class AcceptedType:
    """A resource type with no behaviour.

    Args:
        type_name: The CloudFormation type.
        prefix: How the physical id begins, such as "nat-"; empty uses the name CloudFormation would make.
        attributes: What `Fn::GetAtt` may ask for; a value of "{id}" stands for the physical id.
    """

    create_only: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, type_name: str, prefix: str = "", attributes: Mapping[str, str] | None = None) -> None:
        self.type_name = type_name
        self._prefix = prefix
        self._attributes = attributes or {}

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - nothing stands behind it
        """Accept the resource."""
        return self._created(f"{self._prefix}{uuid.uuid4().hex[:17]}" if self._prefix else name)

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - likewise
        """Accept the change."""
        return self._created(physical_id)

    def delete(self, physical_id: str, properties: Document) -> None:
        """Accept the deletion."""

    def _created(self, physical_id: str) -> Created:
        return Created(physical_id, {key: value.format(id=physical_id) for key, value in self._attributes.items()})


ACCEPTED = (
    AcceptedType("AWS::EC2::EIP", "eipalloc-", {"AllocationId": "{id}", "PublicIp": "192.0.2.1"}),
    AcceptedType("AWS::EC2::NatGateway", "nat-", {"NatGatewayId": "{id}"}),
    AcceptedType("AWS::EC2::SecurityGroupIngress", "sgr-", {"Id": "{id}"}),
    AcceptedType("AWS::EC2::SecurityGroupEgress", "sgr-", {"Id": "{id}"}),
    AcceptedType("AWS::EC2::FlowLog", "fl-", {"Id": "{id}"}),
)
"""Everything accepted without emulation."""
