"""What the load balancer counts for blue and green, and what follows from it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ._series import Series, expression, hidden, metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bluegreen.cdk import BlueGreenService

NAMESPACE = "AWS/ApplicationELB"
BLUE, GREEN = "#1f77b4", "#2ca02c"
LIVE, CANDIDATE = "#54606f", "#e6550d"
RED, AMBER = "#d13212", "#ff9900"


@dataclass(frozen=True)
class Groups:
    """A service's load balancer and its two target groups; in arithmetic, 1 is blue and 2 is green."""

    load_balancer: str
    target_groups: tuple[str, str]

    @classmethod
    def of(cls, service: "BlueGreenService") -> Self:
        """Return those of a service."""
        return cls(service.traffic.load_balancer_full_name, service.traffic.target_group_full_names)

    def each(self, name: str, stat: str, letter: str, *, visible: bool = True) -> list[Series]:
        """Return a metric of blue and of green, with the ids `letter`1 and `letter`2."""
        return [
            metric(
                NAMESPACE,
                name,
                self._dimensions(number),
                stat=stat,
                id=f"{letter}{number}",
                label=colour,
                color=drawn,
                **({} if visible else {"visible": False}),
            )
            for number, colour, drawn in ((1, "blue", BLUE), (2, "green", GREEN))
        ]

    def requests(self, *, visible: bool = True) -> list[Series]:
        """Return the requests of either group, as r1 and r2."""
        return self.each("RequestCount", "Sum", "r", visible=visible)

    def shares(self) -> list[Series]:
        """Return the percentage of all requests that either group served, over `requests`."""
        return [
            expression(f"100*FILL(r{number},0)/(FILL(r1,0)+FILL(r2,0))", colour, id=f"share{number}", color=drawn)
            for number, colour, drawn in ((1, "blue", BLUE), (2, "green", GREEN))
        ]

    def failures(self) -> list[Series]:
        """Return requests r1 and r2 and the percentages er1 and er2 of them that failed, all hidden.

        As the rollback alarms count them: answered with 500-599, or the connection refused.
        """
        hidden_series: list[Series] = self.requests(visible=False)
        for number in (1, 2):
            for letter, name in (("f", "HTTPCode_Target_5XX_Count"), ("c", "TargetConnectionErrorCount")):
                hidden_series.append(
                    hidden(NAMESPACE, name, self._dimensions(number), stat="Sum", metric_id=f"{letter}{number}")
                )
            failed = f"100*(FILL(f{number},0)+FILL(c{number},0))/r{number}"
            hidden_series.append(expression(failed, f"failed {number}", id=f"er{number}", visible=False))
        return hidden_series

    def of_load_balancer(self, name: str, stat: str, label: str, **drawn: str) -> Series:
        """Return a metric of the load balancer as a whole."""
        return metric(NAMESPACE, name, {"LoadBalancer": self.load_balancer}, stat=stat, label=label, **drawn)

    def _dimensions(self, number: int) -> "Mapping[str, str]":
        return {"LoadBalancer": self.load_balancer, "TargetGroup": self.target_groups[number - 1]}
