"""What of the rehearsed stacks was not played: listed, so that nobody takes a rehearsal for more than it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_OWN_STACKS = frozenset({"CDKToolkit"})
"""What the CDK deploys for itself is not what is rehearsed."""


@dataclass(frozen=True)
class LeftOut:
    """What was accepted with nothing behind it.

    Args:
        types: For each resource type its name, how many resources of it there were, and the stacks that had them.
        containers: For each container its name, its image and the family of task definitions that it belongs to.
    """

    types: Sequence[Mapping[str, Any]] = ()
    containers: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "LeftOut":
        """Read it from the state of a cloud, which remembers it from the cloud's start on."""
        types = [one for one in state.get("accepted", ()) if not set(one["stacks"]) <= _OWN_STACKS]
        return cls(tuple(types), tuple(state.get("ecs", {}).get("not_run", ())))

    def document(self) -> dict[str, Any]:
        """Return its part of the document that `--json` prints."""
        return {
            "not_emulated": [dict(one) for one in self.types],
            "not_run": [dict(one) for one in self.containers],
        }

    def sentences(self) -> Iterator[str]:
        """Say it to people."""
        if self.types:
            count = sum(one["count"] for one in self.types)
            listed = ", ".join(f"{one['type']} ({one['count']})" for one in self.types)
            yield (
                f"Accepted, not emulated: {count} resources of {len(self.types)} types. "
                f"CloudFormation made them, and nothing stands behind them: {listed}."
            )
        for one in self.containers:
            why = f"no entry says how {one['image']} runs"
            yield f"Not run: container {one['container']} of {one['family']}, for {why}."
