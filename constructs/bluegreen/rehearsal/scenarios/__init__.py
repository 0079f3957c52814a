"""The scenarios, one file a theme: what is deployed, what is broken meanwhile, and what must then be seen."""

from collections.abc import Collection, Iterable

from bluegreen.errors import RehearsalError

from .collisions import COLLISIONS
from .destroyed import DESTROYED
from .estate import ESTATE
from .failures import FAILURES
from .faults import FAULTS
from .listeners import LISTENERS
from .migrations_back import BACK
from .migrations_run import RUN
from .old_versions import OLD_VERSIONS
from .recovery import RECOVERY
from .release import RELEASE
from .scaling import SCALING
from .scenario import Scenario
from .settings import SETTINGS
from .unchanged import UNCHANGED

SCENARIOS: tuple[Scenario, ...] = (
    *RELEASE,
    *UNCHANGED,
    *SETTINGS,
    *LISTENERS,
    *COLLISIONS,
    *FAILURES,
    *FAULTS,
    *SCALING,
    *OLD_VERSIONS,
    *RUN,
    *BACK,
    *RECOVERY,
    *ESTATE,
    *DESTROYED,
)
"""In the order in which they are played; each starts from what the one before left live. The last one ends it all."""

DEFAULT_GROUP = "release"
"""What is played when nothing is named."""


class UnknownScenarioError(RehearsalError):
    """There is no scenario or group of that name."""


def available(applications: Collection[str]) -> tuple[Scenario, ...]:
    """Return the scenarios that a project can play.

    Args:
        applications: The names of its further applications.
    """
    return tuple(one for one in SCENARIOS if not one.application or one.application in applications)


def select(names: Iterable[str], group: str | None, applications: Collection[str] = ()) -> tuple[Scenario, ...]:
    """Return the scenarios of these names and of this group, in the order of `SCENARIOS`.

    Args:
        names: Scenarios.
        group: A group. `DEFAULT_GROUP` when neither it nor a name is given.
        applications: The names of the project's further applications.

    Raises:
        UnknownScenarioError: If there is no scenario or group of a name.
    """
    known, wanted = available(applications), set(names)
    if not wanted and not group:
        group = DEFAULT_GROUP
    _known(wanted, {scenario.name for scenario in known}, "scenario")
    _known({group} if group else set(), {scenario.group for scenario in known}, "group")
    return tuple(scenario for scenario in known if scenario.name in wanted or scenario.group == group)


def _known(wanted: set[str], known: set[str], kind: str) -> None:
    for name in sorted(wanted - known):
        raise UnknownScenarioError(
            f"there is no {kind} {name!r}; there are {', '.join(sorted(known))}", hint="bluegreen rehearse --list"
        )
