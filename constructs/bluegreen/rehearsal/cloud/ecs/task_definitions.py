"""Task definitions: families of numbered revisions, ACTIVE until they are deregistered."""

import re
from collections.abc import Callable

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .state import State

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"

_FAMILY = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_GIB = 1024

FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
"""CPU units → the MiB of memory that Fargate offers with them."""

_SUFFIXES = {"vcpu": 1024, "gb": _GIB}


class TaskDefinitions:
    """The operations on task definitions.

    Args:
        state: Where tags are kept, and how ARNs are made.
        now: The cloud's time.
    """

    def __init__(self, state: State, now: Callable[[], float]) -> None:
        self._state = state
        self._now = now
        self._families: dict[str, list[Document]] = {}

    def register(self, request: Document) -> Document:
        """Add a revision to a family.

        Raises:
            ApiError: ClientException, worded as ECS words it, for what Fargate cannot run.
        """
        check_definition(request)
        tags = request.pop("tags", [])
        with self._state.lock:
            revisions = self._families.setdefault(request["family"], [])
            revision = len(revisions) + 1
            definition = request | {
                "taskDefinitionArn": self._state.arn("task-definition", f"{request['family']}:{revision}"),
                "revision": revision,
                "status": ACTIVE,
                "registeredAt": self._now(),
                "compatibilities": request.get("requiresCompatibilities", ["FARGATE"]),
                "containerDefinitions": [_with_defaults(one) for one in request["containerDefinitions"]],
            }
            revisions.append(definition)
            self._state.put_tags(definition["taskDefinitionArn"], tags)
        return {"taskDefinition": definition, "tags": tags}

    def describe(self, request: Document) -> Document:
        """Describe a revision, INACTIVE ones included.

        Raises:
            ApiError: ClientException when there is none.
        """
        definition = self._find(request["taskDefinition"])
        if definition is None:
            raise ApiError("ClientException", "Unable to describe task definition.")
        return {"taskDefinition": definition, "tags": self._state.tags_of(definition["taskDefinitionArn"])}

    def deregister(self, request: Document) -> Document:
        """Make a revision INACTIVE: what runs goes on, nothing new may use it.

        Raises:
            ApiError: ClientException when there is none, or no revision is given.
        """
        reference = request["taskDefinition"]
        if ":" not in reference.rpartition("/")[2]:
            raise ApiError("ClientException", "Invalid revision number. Number: null")
        with self._state.lock:
            definition = self._find(reference)
            if definition is None:
                raise ApiError("ClientException", "The specified task definition does not exist.")
            definition["status"] = INACTIVE
            definition.setdefault("deregisteredAt", self._now())
        return {"taskDefinition": definition}

    def revisions(self, request: Document) -> Document:
        """List the ARNs of revisions: by family, by status (ACTIVE when omitted), oldest first unless sort is DESC."""
        status, prefix = request.get("status", ACTIVE), request.get("familyPrefix")
        with self._state.lock:
            arns = [
                definition["taskDefinitionArn"]
                for family, revisions in sorted(self._families.items())
                for definition in revisions
                if definition["status"] == status and prefix in {None, family}
            ]
        return {"taskDefinitionArns": arns[::-1] if request.get("sort") == "DESC" else arns}

    def families(self, request: Document) -> Document:
        """List families, those with an ACTIVE revision unless another status is asked for."""
        status, prefix = request.get("status", ACTIVE), request.get("familyPrefix", "")
        with self._state.lock:
            active = {name: any(one["status"] == ACTIVE for one in all_) for name, all_ in self._families.items()}
        names = [name for name, is_active in active.items() if status in {"ALL", ACTIVE if is_active else INACTIVE}]
        return {"families": sorted(name for name in names if name.startswith(prefix))}

    def usable(self, reference: str) -> Document:
        """Return the revision that new tasks may start from.

        Args:
            reference: An ARN, family:revision, or a family, which means its latest ACTIVE revision.

        Raises:
            ApiError: ClientException when there is none or it is INACTIVE.
        """
        definition = self._find(reference)
        if definition is None:
            raise ApiError("ClientException", "TaskDefinition not found.")
        if definition["status"] != ACTIVE:
            raise ApiError("ClientException", "TaskDefinition is inactive")
        return definition

    def _find(self, reference: str) -> Document | None:
        family, _, revision = reference.rpartition("/")[2].partition(":")
        with self._state.lock:
            revisions = self._families.get(family, [])
            if not revision:
                return next((one for one in reversed(revisions) if one["status"] == ACTIVE), None)
            return next((one for one in revisions if str(one["revision"]) == revision), None)


def check_definition(request: Document) -> None:
    """Refuse a task definition that Fargate cannot run.

    Raises:
        ApiError: ClientException, worded as ECS words it.
    """
    if not _FAMILY.fullmatch(request["family"]):
        raise _refusal("Family contains invalid characters.")
    _check_containers(request["containerDefinitions"])
    if request.get("networkMode") != "awsvpc":
        raise _refusal("Fargate only supports network mode 'awsvpc'.")
    if "cpu" not in request or "memory" not in request:
        raise _refusal("Fargate requires that 'cpu' and 'memory' be defined at the task level.")
    if units(request["memory"]) not in FARGATE_MEMORY.get(units(request["cpu"]), ()):
        raise _refusal(
            f"No Fargate configuration exists for given values: {request['cpu']} CPU, {request['memory']} memory. "
            "See the Amazon ECS documentation for the valid values."
        )
    if "executionRoleArn" not in request:
        _check_without_execution_role(request["containerDefinitions"])


def _check_containers(containers: list[Document]) -> None:
    names = [container.get("name") for container in containers]
    if not containers:
        raise _refusal("Container list cannot be empty.")
    if len(set(names)) != len(names):
        raise _refusal("Container name must be unique across the task definition.")
    if not any(container.get("essential", True) for container in containers):
        raise _refusal("At least one container must be essential.")


def _check_without_execution_role(containers: list[Document]) -> None:
    if any(container.get("secrets") for container in containers):
        message = "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        raise _refusal(message)
    if any(container.get("logConfiguration", {}).get("logDriver") == "awslogs" for container in containers):
        raise _refusal("Fargate requires task definition to have execution role ARN to support log driver awslogs.")


def units(text: str) -> int:
    """Read a task's CPU units or MiB of memory.

    Example:
        >>> units("256"), units(".5 vCPU"), units("2 GB")
        (256, 512, 2048)
    """
    plain = text.strip().lower()
    for suffix, factor in _SUFFIXES.items():
        if plain.endswith(suffix):
            return int(float(plain.removesuffix(suffix)) * factor)
    try:
        return int(plain)
    except ValueError:
        raise _refusal(f"Invalid setting for 'cpu' or 'memory': {text}") from None


def _with_defaults(container: Document) -> Document:
    ports = [
        {"protocol": "tcp", "hostPort": mapping.get("containerPort", 0)} | mapping
        for mapping in container.get("portMappings", [])
    ]
    defaults: Document = {"cpu": 0, "essential": True, "environment": [], "mountPoints": [], "volumesFrom": []}
    return defaults | container | {"portMappings": ports}


def _refusal(message: str) -> ApiError:
    return ApiError("ClientException", message)
