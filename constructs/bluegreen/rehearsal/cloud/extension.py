"""Puts our services and resource types into ministack, through its dispatch tables.

ministack has no plug-in point. Its tables are private names that are stable only at an exact version, so each one is
checked before anything starts.
"""

import importlib
import importlib.metadata
import uuid
from collections.abc import Iterable
from typing import Any

from bluegreen.errors import BluegreenError

from . import (
    custom_resources,
    event_bus,
    function_logs,
    functions,
    network_interfaces,
    notifications,
    protocol,
    run_task,
    stack_deployment,
    stack_rollback,
    step_functions,
)
from .acceptance import Acceptance
from .api import PartlyEmulated, ResourceType, Service, Snapshotted
from .control_planes import ControlPlanes

VERSION = "1.5.33"

_TABLES = (
    ("ministack.app", "SERVICE_HANDLERS"),
    ("ministack.core.router", "SERVICE_PATTERNS"),
    ("ministack.core.concurrency", "run_reentrant"),
    ("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS"),
    ("ministack.services.cloudformation.provisioners", "_REPLACING_PROPERTIES"),
    ("ministack.services.cloudformation.stacks", "_runs_on_worker_thread"),
    ("ministack.services.ec2", "_ACTION_MAP"),
    ("ministack.services.ec2", "_error"),
    ("ministack.services.ec2", "_network_interfaces"),
    *((custom_resources.MODULE, name) for name in custom_resources.NAMES),
    *((custom_resources.FUNCTIONS_MODULE, name) for name in custom_resources.FUNCTIONS_NAMES),
    *((functions.MODULE, name) for name in functions.NAMES),
    *((function_logs.FUNCTIONS_MODULE, name) for name in function_logs.FUNCTIONS_NAMES),
    *((function_logs.LOGS_MODULE, name) for name in function_logs.LOGS_NAMES),
    *((function_logs.IAM_MODULE, name) for name in function_logs.IAM_NAMES),
    *((functions.POOL_MODULE, name) for name in functions.POOL_NAMES),
    *((stack_deployment.MODULE, name) for name in stack_deployment.NAMES),
    *((caller, "_deploy_stack_async") for caller in stack_deployment.CALLERS),
    *((stack_rollback.MODULE, name) for name in stack_rollback.NAMES),
    *((stack_rollback.PROVISIONERS, name) for name in stack_rollback.PROVISIONERS_NAMES),
    *((stack_rollback.PACKAGE, name) for name in stack_rollback.PACKAGE_NAMES),
    *((step_functions.MODULE, name) for name in step_functions.NAMES),
    *((run_task.MODULE, name) for name in run_task.NAMES),
    *((event_bus.MODULE, name) for name in event_bus.NAMES),
    *((event_bus.FUNCTIONS_MODULE, name) for name in event_bus.FUNCTIONS_NAMES),
    *((notifications.MODULE, name) for name in notifications.NAMES),
)


class IncompatibleMinistackError(BluegreenError):
    """The installed ministack is not the one whose tables we know."""


def install(
    services: Iterable[Service],
    resource_types: Iterable[ResourceType],
    acceptance: Acceptance,
    control_planes: ControlPlanes,
) -> None:
    """Register services and resource types; ours replace ministack's of the same name.

    Args:
        services: The emulated services.
        resource_types: The CloudFormation resource types.
        acceptance: Takes the types that nobody emulates.
        control_planes: Which requests are served at all; the cloud's time and its journal, for what is ministack's own.

    Raises:
        IncompatibleMinistackError: If ministack is another version or lacks a table.
    """
    tables = _tables()
    for service in services:
        _install_service(service, tables, control_planes)
        if service.botocore_name == "ecs":
            run_task.install(service, control_planes.clock)
    names = set()
    for resource_type in resource_types:
        names.add(resource_type.type_name)
        tables["_RESOURCE_HANDLERS"][resource_type.type_name] = _handlers(resource_type, acceptance)
        tables["_REPLACING_PROPERTIES"][resource_type.type_name] = tuple(resource_type.create_only)
    acceptance.install(tables["_RESOURCE_HANDLERS"], names)
    _run_on_worker_threads(names)
    network_interfaces.install()
    clock = control_planes.clock
    functions.install(clock.control_planes)
    function_logs.install()
    custom_resources.install(clock)
    step_functions.install(clock)
    stack_rollback.install()
    stack_deployment.install()
    event_bus.install(clock)
    notifications.install(control_planes.journal)


def _tables() -> dict[str, Any]:
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        raise IncompatibleMinistackError(
            f"ministack must be {VERSION}, got {installed}", hint=f"pip install ministack=={VERSION}"
        )
    missing = []
    tables = {}
    for module_name, name in _TABLES:
        module = importlib.import_module(module_name)
        if hasattr(module, name):
            tables[name] = getattr(module, name)
        else:
            missing.append(f"{module_name}.{name}")
    if missing:
        raise IncompatibleMinistackError(
            f"ministack {installed} lacks {', '.join(missing)}", hint=f"reinstall ministack=={VERSION}"
        )
    return tables


def _install_service(service: Service, tables: dict[str, Any], control_planes: ControlPlanes) -> None:
    model = protocol.service_model(service.botocore_name)
    name = model.signing_name
    run_reentrant = tables["run_reentrant"]

    async def handle(_method: str, _path: str, headers: Any, body: bytes, query: Any) -> protocol.Response:
        refusal = control_planes.refusal(service.botocore_name, headers)
        if refusal is not None:
            return protocol.refuse(service, refusal)
        response: protocol.Response = await run_reentrant(protocol.call, service, headers, body, query)
        return response

    tables["SERVICE_HANDLERS"][name] = handle
    prefix = model.metadata.get("targetPrefix")
    if prefix:
        pattern = tables["SERVICE_PATTERNS"].setdefault(name, {})
        pattern["target_prefixes"] = [*pattern.get("target_prefixes", []), prefix]


def _handlers(resource_type: ResourceType, acceptance: Acceptance) -> dict[str, Any]:
    def create(logical_id: str, properties: Any, stack_name: str) -> tuple[str, Any]:
        # CloudFormation's own form: names of a replaced resource and of its successor must differ.
        name = f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}"
        created = resource_type.create(name, properties)
        lacking = resource_type.not_emulated(properties) if isinstance(resource_type, PartlyEmulated) else ""
        if lacking:
            acceptance.note(f"{resource_type.type_name} ({lacking})", stack_name, logical_id)
        return created.physical_id, dict(created.attributes)

    def update(physical_id: str, old: Any, new: Any, _stack_name: str) -> tuple[str, Any]:
        updated = resource_type.update(physical_id, old, new)
        return updated.physical_id, dict(updated.attributes)

    handlers = {"create": create, "update": update, "delete": resource_type.delete}
    return handlers | ({"snapshot": resource_type.snapshot} if isinstance(resource_type, Snapshotted) else {})


def _run_on_worker_threads(type_names: set[str]) -> None:
    """Let our types block: a service waits to be steady while the event loop goes on serving."""
    stacks: Any = importlib.import_module("ministack.services.cloudformation.stacks")
    original = stacks._runs_on_worker_thread  # noqa: SLF001 - checked by name in _tables
    stacks._runs_on_worker_thread = lambda name: name in type_names or original(name)  # noqa: SLF001 - likewise
