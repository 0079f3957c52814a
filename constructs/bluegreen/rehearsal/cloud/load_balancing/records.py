"""What Elastic Load Balancing remembers: load balancers, target groups, listeners, rules and targets."""

import enum
from dataclasses import dataclass, field

from bluegreen.rehearsal.cloud.api import Document

from . import defaults

TargetKey = tuple[str, int]
"""A target's address and port."""


class State(enum.StrEnum):
    """A target's health as AWS words it."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNUSED = "unused"
    DRAINING = "draining"


@dataclass
class Target:
    """A registered target.

    Args:
        address: Its address.
        port: Its port.
        state: Its health.
        reason: AWS's code for why it is not healthy; empty when it is.
        description: The same in words.
        passed: Checks passed in a row.
        failed: Checks failed in a row.
        drains_until: When deregistration ends, in cloud time; None unless it is draining.
    """

    address: str
    port: int
    state: State = State.UNUSED
    reason: str = "Target.NotInUse"
    description: str = "Target group is not configured to receive traffic from the load balancer"
    passed: int = 0
    failed: int = 0
    drains_until: float | None = None

    @property
    def key(self) -> TargetKey:
        """What identifies it in its target group."""
        return self.address, self.port

    @property
    def name(self) -> str:
        """What the data plane calls it."""
        return f"{self.address}:{self.port}"


@dataclass
class TargetGroup:
    """A target group; `settings` are its members in `DescribeTargetGroups`."""

    arn: str
    settings: Document
    attributes: dict[str, str]
    tags: dict[str, str]
    targets: dict[TargetKey, Target] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.settings["TargetGroupName"])

    @property
    def full_name(self) -> str:
        """What CloudWatch calls it: targetgroup/NAME/ID."""
        return self.arn.rpartition(":")[2]

    @property
    def backend(self) -> str:
        """What the data plane calls it."""
        return f"group-{self.arn.rpartition('/')[2]}"


@dataclass
class Rule:
    """A rule of a listener; its default action is the rule without a priority.

    Args:
        arn: Its ARN.
        number: Its own for ever, for the data plane.
        priority: 1 to 50,000, lowest first; None for the default action.
        actions: As `DescribeRules` shows them.
        conditions: Likewise.
        tags: Its tags.
    """

    arn: str
    number: int
    priority: int | None
    actions: list[Document]
    conditions: list[Document]
    tags: dict[str, str] = field(default_factory=dict)

    def target_groups(self) -> dict[str, int]:
        """Return the weights of the target groups that it forwards to, by ARN; empty when it does not forward."""
        return weights(self.actions)


def weights(actions: list[Document]) -> dict[str, int]:
    """Return the weights of the target groups that actions forward to, by ARN."""
    forwards = [action["ForwardConfig"] for action in actions if action["Type"] == "forward"]
    return {group["TargetGroupArn"]: group["Weight"] for forward in forwards for group in forward["TargetGroups"]}


@dataclass
class Listener:
    """A listener; `settings` are its members in `DescribeListeners` except what its rules tell."""

    arn: str
    settings: Document
    default: Rule
    attributes: dict[str, str] = field(default_factory=lambda: dict(defaults.LISTENER))
    tags: dict[str, str] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """The port that clients on AWS would use."""
        return int(self.settings["Port"])

    @property
    def frontend(self) -> str:
        """What the data plane calls it."""
        return f"listener-{self.arn.rpartition('/')[2]}"

    def in_order(self) -> list[Rule]:
        """Return its rules as they are tried: by priority, then the default action."""
        return [*sorted(self.rules.values(), key=lambda rule: rule.priority or 0), self.default]


@dataclass
class LoadBalancer:
    """A load balancer; `settings` are its members in `DescribeLoadBalancers`.

    Args:
        arn: Its ARN.
        settings: As described.
        address: Its private address, where all its listeners listen.
        attributes: As `DescribeLoadBalancerAttributes` shows them.
        tags: Its tags.
        interfaces: Ids of its network interfaces in EC2.
        listeners: By ARN.
    """

    arn: str
    settings: Document
    address: str
    attributes: dict[str, str]
    tags: dict[str, str]
    interfaces: list[str] = field(default_factory=list)
    listeners: dict[str, Listener] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.settings["LoadBalancerName"])

    @property
    def full_name(self) -> str:
        """What CloudWatch calls it: app/NAME/ID."""
        return self.arn.partition(":loadbalancer/")[2]


@dataclass
class Records:
    """Everything there is, by ARN."""

    load_balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    target_groups: dict[str, TargetGroup] = field(default_factory=dict)

    def listeners(self) -> list[tuple[LoadBalancer, Listener]]:
        """Return every listener with its load balancer."""
        return [(owner, listener) for owner in self.load_balancers.values() for listener in owner.listeners.values()]

    def users(self, target_group_arn: str) -> list[LoadBalancer]:
        """Return the load balancers that forward to a target group, with whatever weight."""
        return [
            owner
            for owner in self.load_balancers.values()
            if any(
                target_group_arn in rule.target_groups()
                for listener in owner.listeners.values()
                for rule in listener.in_order()
            )
        ]
