"""Amazon ECS for services that CodeDeploy releases: a task is a group of local processes with an address of its own.

Emulated: clusters, task definitions, CODE_DEPLOY services, task sets, tasks, their targets, logs and utilization.
Not emulated: rolling and external deployment controllers, RunTask, container instances, container health checks (a
local process has no `localhost` of its own), Service Connect, ECS Exec, volumes, and a container's `entryPoint` and
`command` (bluegreen.toml says how an image runs).
"""

from .control_plane import FAULTS, Ecs
from .resource_types import resource_types

__all__ = ["FAULTS", "Ecs", "resource_types"]
