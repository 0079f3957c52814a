"""Custom::DeployedState: what a stack must know of its deployed service before it may touch anything near it.

Three things CloudFormation cannot know by itself: with which values the frozen resources were created, which colour the
listeners' traffic is on now, and that some properties can never change. The first is kept in the resource's physical
id, because CloudFormation gives that back with every request, and forgets it when an update is taken back.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .decisions import Fail, Limits, Succeed, Wait
from .deployment import Deployment
from .messages import shortened
from .observation import RequestType, WaitFor, short
from .settling import may_still_be_undone

LONGEST_PHYSICAL_ID = 1024
"""CloudFormation's limit, in characters."""

_FINGERPRINT_CHARACTERS = 12


@dataclass(frozen=True, kw_only=True)
class Initial:
    """The values with which the frozen resources were created, and with which they stay rendered.

    Args:
        subnets: The service's subnets.
        security_groups: The service's security groups.
        assign_public_ip: "ENABLED" or "DISABLED".
        container_port: The container's port, as CloudFormation gives it.
    """

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    assign_public_ip: str
    container_port: str

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read the property `Initial`, or what a physical id holds.

        Raises:
            ValueError: If a member is missing.
        """
        try:
            return cls(
                subnets=tuple(document["Subnets"]),
                security_groups=tuple(document["SecurityGroups"]),
                assign_public_ip=str(document["AssignPublicIp"]),
                container_port=str(document["ContainerPort"]),
            )
        except KeyError as error:
            raise ValueError(f"Custom::DeployedState needs {error.args[0]} in Initial; it is missing") from error

    def to_dict(self) -> dict[str, Any]:
        """Return what `read` reads."""
        return {
            "Subnets": list(self.subnets),
            "SecurityGroups": list(self.security_groups),
            "AssignPublicIp": self.assign_public_ip,
            "ContainerPort": self.container_port,
        }


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How the two listeners' default actions share traffic out, each weight 0-999."""

    production_blue: int = 100
    production_green: int = 0
    test_blue: int = 100
    test_green: int = 0

    @classmethod
    def of(
        cls, production: Mapping[str, int] | None, test: Mapping[str, int] | None, target_groups: tuple[str, str]
    ) -> Self | None:
        """Return the weights that the listeners have now.

        A listener that is gone, or forwards to neither group, takes the weights of the other: between releases both
        are on the same colour.

        Args:
            production: For each target group of the production listener's default action its weight; None when there
                is no such listener.
            test: The same of the test listener.
            target_groups: The blue and the green one.

        Returns:
            The weights; None when no listener forwards to either group, so that nothing tells where production is.

        Example:
            >>> Weights.of({"blue": 10, "green": 90}, {"green": 100}, ("blue", "green"))
            Weights(production_blue=10, production_green=90, test_blue=0, test_green=100)
        """
        blue, green = target_groups
        pairs = [(weights.get(blue, 0), weights.get(green, 0)) for weights in (production or {}, test or {})]
        known = [pair for pair in pairs if any(pair)]
        if not known:
            return None
        (production_blue, production_green), (test_blue, test_green) = (
            pair if any(pair) else known[0] for pair in pairs
        )
        return cls(
            production_blue=production_blue,
            production_green=production_green,
            test_blue=test_blue,
            test_green=test_green,
        )


def physical_id(fixed: Mapping[str, str], initial: Initial) -> str:
    """Make the physical id of a new resource.

    Args:
        fixed: What can never change.
        initial: What the frozen resources are created with.

    Returns:
        A fingerprint of the first and the whole of the second.

    Raises:
        ValueError: If it would be longer than CloudFormation allows.

    Example:
        >>> initial = Initial(subnets=("s-1",), security_groups=(), assign_public_ip="DISABLED", container_port="80")
        >>> physical_id({"Vpc": "vpc-1"}, initial)[12:]
        ':{"AssignPublicIp":"DISABLED","ContainerPort":"80","SecurityGroups":[],"Subnets":["s-1"]}'
    """
    made = f"{fingerprint(fixed)}:{_canonical(initial.to_dict())}"
    if len(made) > LONGEST_PHYSICAL_ID:
        raise ValueError(
            f"the service's subnets and security groups must fit into {LONGEST_PHYSICAL_ID} characters together, got "
            f"{len(made)} for {len(initial.subnets)} subnets and {len(initial.security_groups)} security groups; "
            "choose fewer of them"
        )
    return made


def read_physical_id(made: str) -> tuple[str, Initial]:
    """Read a physical id.

    Args:
        made: What `physical_id` made.

    Returns:
        The fingerprint of what can never change, and the initial values.

    Raises:
        ValueError: If it is not such an id.

    Example:
        >>> initial = Initial(subnets=("s-1",), security_groups=(), assign_public_ip="DISABLED", container_port="80")
        >>> read_physical_id(physical_id({"Vpc": "vpc-1"}, initial)) == (fingerprint({"Vpc": "vpc-1"}), initial)
        True
    """
    found, colon, document = made.partition(":")
    try:
        parsed = json.loads(document)
    except ValueError:
        parsed = None
    if not colon or len(found) != _FINGERPRINT_CHARACTERS or not isinstance(parsed, dict):
        raise ValueError(
            f"the physical id of Custom::DeployedState must be <fingerprint>:<JSON>, got {shortened(made, 200)}; "
            "import the resource again or make a second service"
        )
    return found, Initial.read(parsed)


def fingerprint(fixed: Mapping[str, str]) -> str:
    """Return what stands in the physical id for what can never change."""
    return hashlib.sha256(_canonical(dict(fixed)).encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]


@dataclass(frozen=True, kw_only=True)
class DeployedStateObservation:
    """Everything that the decision about a Custom::DeployedState looks at.

    Args:
        request: What CloudFormation asks.
        fixed: The property `Fixed`.
        initial: The property `Initial`.
        old_fixed: The property `Fixed` of last time; None when there was none.
        physical_id: The resource's physical id; None at its creation.
        rolling_back: Whether CloudFormation is taking an update back.
        active: The deployment group's active deployment.
        last: The newest of its deployments; needed while none is active.
        weights: The listeners' weights now; None when no listener forwards to the target groups. At creation they do
            not count.
        foreign: With imported listeners, at creation: the target groups that a default action forwards to and that are
            not the service's own.
        waited: For each thing waited for, how many seconds ago this request first waited for it.
    """

    request: RequestType
    fixed: Mapping[str, str]
    initial: Initial
    old_fixed: Mapping[str, str] | None = None
    physical_id: str | None = None
    rolling_back: bool = False
    active: Deployment | None = None
    last: Deployment | None = None
    weights: Weights | None = None
    foreign: tuple[str, ...] = ()
    waited: Mapping[WaitFor, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Tell CloudFormation the state.

    Args:
        physical_id: The resource's physical id.
        weights: The listeners' weights.
    """

    physical_id: str
    weights: Weights

    @property
    def attributes(self) -> dict[str, str | int]:
        """The attributes that the template reads with Fn::GetAtt."""
        _, initial = read_physical_id(self.physical_id)
        return {
            "ProductionBlue": self.weights.production_blue,
            "ProductionGreen": self.weights.production_green,
            "TestBlue": self.weights.test_blue,
            "TestGreen": self.weights.test_green,
            "Subnets": ",".join(initial.subnets),
            "SecurityGroups": ",".join(initial.security_groups),
            "AssignPublicIp": initial.assign_public_ip,
            "ContainerPort": initial.container_port,
        }


def decide_deployed_state(
    seen: DeployedStateObservation, limits: Limits | None = None
) -> Answer | Succeed | Fail | Wait:
    """Decide what to tell CloudFormation.

    Args:
        seen: What was seen.
        limits: How long to wait for what; the documented values when omitted.

    Returns:
        The state; at a deletion `Succeed`; `Fail` with the reason; or `Wait` while traffic moves.
    """
    limits = limits or Limits()
    if seen.request is RequestType.DELETE:
        return Succeed("the deployed state is forgotten")
    if seen.request is RequestType.CREATE or seen.physical_id is None:
        return _created(seen)
    return _updated(seen, seen.physical_id, limits)


def _created(seen: DeployedStateObservation) -> Answer | Fail:
    if seen.foreign:
        groups = ", ".join(arn.rpartition(":targetgroup/")[2].partition("/")[0] for arn in seen.foreign)
        return Fail(
            shortened(
                f"the listener's default action forwards to {groups}, not to this service; CodeDeploy moves a default "
                "action as a whole: give the service a listener of its own, or one that forwards nowhere"
            )
        )
    try:
        return Answer(physical_id=physical_id(seen.fixed, seen.initial), weights=Weights())
    except ValueError as error:
        return Fail(str(error))


def _updated(seen: DeployedStateObservation, made: str, limits: Limits) -> Answer | Fail | Wait:
    try:
        kept, _ = read_physical_id(made)
    except ValueError as error:
        return Fail(str(error))
    if kept != fingerprint(seen.fixed):
        return Fail(_can_never_change(seen))
    moving = seen.active if seen.active and not seen.active.only_waits_to_remove else None
    if wait := _let_traffic_rest(seen, moving, limits):
        return wait
    if moving and not seen.rolling_back:
        return Fail(
            f"the listeners cannot be updated while {_doing(moving)}, which moves their traffic; waited "
            f"{limits.other_release} s; wait for it or stop it, then deploy again"
        )
    if seen.weights is None:
        return Fail(
            "no listener forwards to the service's target groups, so nothing tells which of them production is on; let "
            "a listener's default action forward to the live one, then deploy again"
        )
    return Answer(physical_id=made, weights=seen.weights)


def _let_traffic_rest(seen: DeployedStateObservation, moving: Deployment | None, limits: Limits) -> Wait | None:
    if moving and seen.waited.get(WaitFor.OTHER_RELEASE, 0) < limits.other_release:
        return Wait(WaitFor.OTHER_RELEASE, _doing(moving))
    if seen.last and may_still_be_undone(seen.last, seen.waited.get(WaitFor.OTHER_ROLLBACK_START, 0), limits):
        return Wait(WaitFor.OTHER_ROLLBACK_START, seen.last.id)
    return None


def _can_never_change(seen: DeployedStateObservation) -> str:
    old = seen.old_fixed or {}
    names = [name for name in sorted({*old, *seen.fixed}) if old.get(name) != seen.fixed.get(name)]
    changes = [f"{name} from {_value(old, name)} to {_value(seen.fixed, name)}" for name in names if seen.old_fixed]
    what = "; ".join(changes) or "one of " + ", ".join(sorted(seen.fixed))
    return shortened(
        f"what can never change of a service was changed: {what}; nothing was touched; put the old value back, or "
        "define a second BlueGreenService with the new one, move over, and remove this one"
    )


def _value(fixed: Mapping[str, str], name: str) -> str:
    return (fixed[name] or "a name that CloudFormation chooses") if name in fixed else "nothing"


def _doing(active: Deployment) -> str:
    return f"deployment {active.id} of {short(active.task_definition)} is {active.status}"


def _canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
