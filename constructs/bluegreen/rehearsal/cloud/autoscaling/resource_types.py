"""CloudFormation's types of Application Auto Scaling, over the API of the local cloud's."""

from typing import ClassVar

from bluegreen.rehearsal.cloud.api import Created, Document
from bluegreen.rehearsal.cloud.template_properties import as_request

from .service import ApplicationAutoScaling


def resource_types(scaling: ApplicationAutoScaling) -> "list[ScalableTargetType | ScalingPolicyType]":
    """Return the AWS::ApplicationAutoScaling types."""
    return [ScalableTargetType(scaling), ScalingPolicyType(scaling)]


class ScalableTargetType:
    """AWS::ApplicationAutoScaling::ScalableTarget; `Ref` is RESOURCE|DIMENSION|NAMESPACE, as AWS makes it."""

    type_name: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalableTarget"
    create_only: ClassVar[frozenset[str]] = frozenset({"ResourceId", "ScalableDimension", "ServiceNamespace"})

    def __init__(self, scaling: ApplicationAutoScaling) -> None:
        self._scaling = scaling

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - what it scales is its id
        """Register the target.

        Raises:
            ValueError: For scheduled actions, which nothing here would run.
        """
        if properties.get("ScheduledActions"):
            raise ValueError("the local cloud does not run ScheduledActions; leave them out of what is rehearsed")
        rest = {key: value for key, value in properties.items() if key != "ScheduledActions"}
        request = as_request("application-autoscaling", "RegisterScalableTarget", rest)
        self._scaling.register_scalable_target(request)
        physical_id = "|".join(request[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        return Created(physical_id, {"Id": physical_id})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - registered again
        """Change the target."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the id says all
        """Deregister it, if it is still there."""
        key = _identified(physical_id)
        if self._scaling.describe_scalable_targets({**key, "ResourceIds": [key["ResourceId"]]})["ScalableTargets"]:
            self._scaling.deregister_scalable_target(key)


class ScalingPolicyType:
    """AWS::ApplicationAutoScaling::ScalingPolicy; it names its target by id or by its three parts."""

    type_name: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalingPolicy"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {"PolicyName", "ResourceId", "ScalableDimension", "ScalingTargetId", "ServiceNamespace"}
    )

    def __init__(self, scaling: ApplicationAutoScaling) -> None:
        self._scaling = scaling

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - the policy's name is required
        """Keep the policy."""
        arn = self._scaling.put_scaling_policy(self._request(properties))["PolicyARN"]
        return Created(arn, {"Arn": arn})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - kept again
        """Change the policy."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - its name says all
        """Forget it, if it is still there."""
        key = _target_of(properties)
        names = [properties["PolicyName"]]
        if self._scaling.describe_scaling_policies({**key, "PolicyNames": names})["ScalingPolicies"]:
            self._scaling.delete_scaling_policy({**key, "PolicyName": names[0]})

    @staticmethod
    def _request(properties: Document) -> Document:
        rest = {key: value for key, value in properties.items() if key != "ScalingTargetId"} | _target_of(properties)
        return as_request("application-autoscaling", "PutScalingPolicy", rest)


def _target_of(properties: Document) -> Document:
    if "ScalingTargetId" in properties:
        return _identified(properties["ScalingTargetId"])
    return {key: properties[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace")}


def _identified(physical_id: str) -> Document:
    return dict(zip(("ResourceId", "ScalableDimension", "ServiceNamespace"), physical_id.split("|"), strict=True))
