"""What the stack must know of a service that runs: which colour is live, and with what the service was created."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from aws_cdk import CustomResource, IResolvable, Token
from constructs import Construct

from .deployment import DEPLOYMENT_GROUP_NAME

if TYPE_CHECKING:
    from aws_cdk import CfnResource

    from ._network import TaskNetwork
    from .provider import ReleaseProvider
    from .traffic import Traffic


class DeployedState(Construct):
    """Custom::DeployedState of one service: it comes before the listeners and the service, and is updated before them.

    A listener's update sends its target groups with it, and a service's can hardly be updated at all. So the listeners
    take the weights that they have at that moment from here, and the service takes the values of its creation, for
    ever. What can never change is refused here, before anything else has changed.

    Args:
        scope: The service.
        construct_id: Its name there.
        provider: What answers for the resource.
        application_name: The service's CodeDeploy application.
        fixed: What can never change: cluster, service name, load balancer, VPC.
        network: Where the first tasks start.
        container_port: The port of the first tasks.
        traffic: The target groups, and later the listeners.

    Attributes:
        resource: The custom resource.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        provider: "ReleaseProvider",
        application_name: str,
        fixed: Mapping[str, str],
        network: "TaskNetwork",
        container_port: int,
        traffic: "Traffic",
    ) -> None:
        super().__init__(scope, construct_id)
        attached = traffic.given_listener_arns
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::DeployedState",
            service_token=provider.function.function_arn,
            properties={
                "Fixed": dict(fixed),
                "Initial": {
                    "Subnets": list(network.subnet_ids),
                    "SecurityGroups": list(network.security_group_ids),
                    "AssignPublicIp": network.assign_public_ip,
                    "ContainerPort": container_port,
                },
                "Application": application_name,
                "DeploymentGroup": DEPLOYMENT_GROUP_NAME,
                "TargetGroups": list(traffic.target_group_arns),
                "Listeners": traffic.listener_properties,
                **({"AttachTo": list(attached)} if attached else {}),
            },
        )
        node = self.resource.node
        node.add_dependency(provider.state_machine)
        self._logical_id = cast("CfnResource", node.default_child).logical_id

    def first_network(self) -> IResolvable:
        """Return where the first tasks started, as an ECS service states it."""
        return Token.as_any(
            {
                "subnets": {"Fn::Split": [",", self._attribute("Subnets")]},
                "securityGroups": {"Fn::Split": [",", self._attribute("SecurityGroups")]},
                "assignPublicIp": self._attribute("AssignPublicIp"),
            }
        )

    def first_container_port(self) -> float:
        """Return the port of the first tasks."""
        return self._number("ContainerPort")

    def weights(self, listener: str) -> tuple[float, float]:
        """Return what a listener sends to blue and to green at the moment of an update, each 0-999.

        Args:
            listener: "Production" or "Test".
        """
        return self._number(f"{listener}Blue"), self._number(f"{listener}Green")

    def _number(self, name: str) -> float:
        return cast("float", Token.as_number(self._attribute(name)))

    def _attribute(self, name: str) -> dict[str, list[str]]:
        # As the template writes it: each reference that the CDK makes crosses into Node.
        return {"Fn::GetAtt": [self._logical_id, name]}
