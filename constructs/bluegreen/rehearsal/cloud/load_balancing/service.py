"""Elastic Load Balancing as a whole: all its operations, and what an operator would look at."""

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.network import Network

from .listeners import ListenerOperations
from .load_balancers import LoadBalancerOperations
from .records import Listener, LoadBalancer, TargetGroup
from .target_groups import TargetGroupOperations


class LoadBalancing(LoadBalancerOperations, ListenerOperations, TargetGroupOperations):
    """Application load balancers over one real HAProxy; see `core.Core` for its arguments."""

    def snapshot(self) -> Document:
        """Return what is there now, in JSON's types: who listens where, by which weights, to which targets."""
        with self._lock:
            fault = self._fault
            return {
                "load_balancers": [self._show(owner) for owner in self._records.load_balancers.values()],
                "target_groups": {group.name: self._show_targets(group) for group in self._group_records()},
                "fault": None if fault is None else {"fault": fault.kind, "version": fault.version},
            }

    def _group_records(self) -> list[TargetGroup]:
        return list(self._records.target_groups.values())

    def _show(self, owner: LoadBalancer) -> Document:
        return {
            "name": owner.name,
            "arn": owner.arn,
            "full_name": owner.full_name,
            "dns_name": owner.settings["DNSName"],
            "address": owner.address,
            "listeners": [self._show_listener(listener) for listener in owner.listeners.values()],
        }

    def _show_listener(self, listener: Listener) -> Document:
        return {
            "arn": listener.arn,
            "port": listener.port,
            "local_port": Network.local_port(listener.port),
            "protocol": listener.settings["Protocol"],
            "action": listener.default.actions[0]["Type"],
            "weights": self._weights(listener.default.target_groups()),
            "rules": len(listener.rules),
        }

    def _show_targets(self, group: TargetGroup) -> Document:
        return {
            "arn": group.arn,
            "full_name": group.full_name,
            "targets": [
                {
                    "address": target.address,
                    "port": target.port,
                    "state": str(target.state),
                    "reason": target.reason,
                    "version": self._version_of(target.address),
                }
                for target in group.targets.values()
            ],
        }
