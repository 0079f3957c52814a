"""What stands between users and the load balancer: names, certificates, firewall, logs, what may be put in front."""

from .access_logs import AccessLogs
from .endpoint_health import EndpointHealth
from .hosted_domain import Failover, HostedDomain
from .web_firewall import FirewallMode, FirewallScope, WebFirewall

__all__ = [
    "AccessLogs",
    "EndpointHealth",
    "Failover",
    "FirewallMode",
    "FirewallScope",
    "HostedDomain",
    "WebFirewall",
]
