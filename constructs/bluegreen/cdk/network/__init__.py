"""The network that a service runs in: subnets for its two colours, the way out, and what may pass."""

from .endpoints import NEEDED_WITHOUT_NAT, Endpoint
from .nat import Nat
from .network import Network

__all__ = ["NEEDED_WITHOUT_NAT", "Endpoint", "Nat", "Network"]
