"""The stack policy of a deployed stack: whether an update may replace or delete what nobody can make again.

A policy is no part of a template, and `cdk deploy` leaves it as it is. An operator's role needs
cloudformation:GetStackPolicy, SetStackPolicy and ListStackResources on the stack.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.release.lasting_types import LASTING_TYPES

from .aws import Clients, errors_told
from .stack import Resource, resources

_ALLOW_ALL = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
LIFTED: Mapping[str, Any] = {"Statement": [_ALLOW_ALL]}
"""Allows everything. CloudFormation lets a policy be replaced, never taken away."""
PROTECTING: Mapping[str, Any] = {
    "Statement": [
        _ALLOW_ALL,
        {
            "Effect": "Deny",
            "Action": ["Update:Replace", "Update:Delete"],
            "Principal": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": list(LASTING_TYPES)}},
        },
    ]
}
"""Allows every update but those that replace or delete a resource of a type that lasts, whenever it was added."""


@dataclass(frozen=True, kw_only=True)
class Protection:
    """How a stack's lasting resources are protected.

    Args:
        stack: The stack's name.
        lasting: Its resources whose data nobody can make again, and those of stacks nested in it, which need
            policies of their own.
        policy: The policy that is in force; None when none is.
    """

    stack: str
    lasting: Sequence[Resource]
    policy: Mapping[str, Any] | None

    @property
    def in_force(self) -> bool:
        """Whether it is the policy that this module sets."""
        return self.policy == PROTECTING

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        lasting = [{"logical_id": one.logical_id, "type": one.type} for one in self.lasting]
        return {"stack": self.stack, "in_force": self.in_force, "lasting": lasting, "policy": self.policy}


def look(clients: Clients, stack: str) -> Protection:
    """Return how a stack is protected.

    Args:
        clients: AWS.
        stack: The stack's name.

    Raises:
        OperationError: If there is no such stack, or AWS refuses.
    """
    lasting = [one for one in resources(clients, stack) if one.type in LASTING_TYPES]
    with errors_told():
        body = clients("cloudformation").get_stack_policy(StackName=stack).get("StackPolicyBody")
    return Protection(stack=stack, lasting=lasting, policy=json.loads(body) if body else None)


def put(clients: Clients, stack: str, policy: Mapping[str, Any]) -> None:
    """Put a policy in force, in the place of the one before.

    Args:
        clients: AWS.
        stack: The stack's name.
        policy: `PROTECTING` or `LIFTED`.

    Raises:
        OperationError: If AWS refuses.
    """
    with errors_told():
        clients("cloudformation").set_stack_policy(StackName=stack, StackPolicyBody=json.dumps(policy))
