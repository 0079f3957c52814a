"""How private subnets reach the internet."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Nat:
    """How many NAT gateways a network has. Each costs by the hour, and by every byte that passes.

    Made by its factories.

    Example:
        >>> Nat.one_per_zone().gateways(zones=3), Nat.one().gateways(zones=3), Nat.none().gateways(zones=3)
        (3, 1, 0)
    """

    _most: int | None

    @classmethod
    def one_per_zone(cls) -> Self:
        """A gateway in each zone: losing a zone takes the way out from that zone alone."""
        return cls(None)

    @classmethod
    def one(cls) -> Self:
        """A single gateway: losing its zone takes the way out from all. Cheaper, for what is not production."""
        return cls(1)

    @classmethod
    def none(cls) -> Self:
        """No gateway: nothing private reaches the internet, and AWS's services are reached by interface endpoints."""
        return cls(0)

    def gateways(self, *, zones: int) -> int:
        """Return the number of gateways in so many zones."""
        return zones if self._most is None else self._most
