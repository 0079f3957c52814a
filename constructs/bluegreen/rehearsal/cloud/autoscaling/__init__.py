"""The local cloud's Application Auto Scaling, for the desired count of ECS services.

Target tracking works as AWS builds it: two CloudWatch alarms a policy, which the local CloudWatch evaluates. Not
emulated: step and predictive scaling (their policies are kept and do nothing), scheduled actions (refused), and all
that is not an ECS service.
"""

from .resource_types import ScalableTargetType, ScalingPolicyType, resource_types
from .service import ApplicationAutoScaling

__all__ = ["ApplicationAutoScaling", "ScalableTargetType", "ScalingPolicyType", "resource_types"]
