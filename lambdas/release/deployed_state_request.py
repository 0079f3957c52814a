"""CloudFormation's request for a Custom::DeployedState, with its properties read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bluegreen.release.deployed_state import Initial, fingerprint
from bluegreen.release.observation import RequestType

RESOURCE_TYPE = "Custom::DeployedState"


@dataclass(frozen=True, kw_only=True)
class DeployedStateRequest:
    """What the stack asks for.

    Args:
        kind: What CloudFormation asks.
        stack_id: The stack.
        physical_id: The resource's physical id; None at its creation.
        fixed: What can never change.
        old_fixed: The same of last time; None when there was none.
        initial: What the frozen resources are, or would be, created with.
        application: The service's CodeDeploy application.
        deployment_group: Its deployment group.
        target_groups: The blue and the green one.
        production_ports: The production listener's port, and the one of last time.
        test_ports: The test listener's port, and the one of last time.
        attach_to: The production and the test listener when they are imported; empty when the stack makes them.
    """

    kind: RequestType
    stack_id: str
    physical_id: str | None
    fixed: Mapping[str, str]
    old_fixed: Mapping[str, str] | None
    initial: Initial
    application: str
    deployment_group: str
    target_groups: tuple[str, str]
    production_ports: frozenset[int]
    test_ports: frozenset[int]
    attach_to: tuple[str, ...]

    @property
    def keeps_what_is_fixed(self) -> bool:
        """Whether what can never change is as it was when the resource was created."""
        return (self.physical_id or "").startswith(f"{fingerprint(self.fixed)}:")

    @classmethod
    def read(cls, request: Mapping[str, Any]) -> Self:
        """Read CloudFormation's request.

        Args:
            request: The request as CloudFormation sent it; every leaf of its properties is a text.

        Returns:
            The request.

        Raises:
            ValueError: If a property is missing or wrong.
        """
        properties, old = request["ResourceProperties"], request.get("OldResourceProperties")
        try:
            blue, green = properties["TargetGroups"]
            return cls(
                kind=RequestType(request["RequestType"]),
                stack_id=request["StackId"],
                physical_id=request.get("PhysicalResourceId"),
                fixed=properties["Fixed"],
                old_fixed=old.get("Fixed") if old else None,
                initial=Initial.read(properties["Initial"]),
                application=properties["Application"],
                deployment_group=properties["DeploymentGroup"],
                target_groups=(blue, green),
                production_ports=_ports("Production", properties, old),
                test_ports=_ports("Test", properties, old),
                attach_to=tuple(properties.get("AttachTo") or ()),
            )
        except KeyError as error:
            raise ValueError(f"{RESOURCE_TYPE} needs the property {error.args[0]}; it is missing") from error


def _ports(name: str, *documents: Mapping[str, Any] | None) -> frozenset[int]:
    """Return a listener's port now and last time: while CloudFormation goes forward or back, it may be at either."""
    listeners = (((document or {}).get("Listeners") or {}).get(name) or {} for document in documents)
    return frozenset(int(listener["Port"]) for listener in listeners if listener.get("Port"))
