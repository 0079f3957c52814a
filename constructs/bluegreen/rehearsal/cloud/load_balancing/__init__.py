"""Elastic Load Balancing v2: AWS's control plane over one real HAProxy.

Application load balancers with HTTP and HTTPS listeners, weighted forwards, redirects, fixed responses, rules on paths
and host names, and groups of IP targets with real health checks. What AWS would refuse is refused with AWS's codes.
Of what AWS offers beyond, anything that would change an answer is refused as `UnsupportedOperation`; the rest (subnets,
security groups, logging and tuning attributes, tags) is recorded, shown again, and has no effect.
"""

from .cloudformation import resource_types
from .faults import KINDS as FAULTS
from .service import LoadBalancing

__all__ = ["FAULTS", "LoadBalancing", "resource_types"]
