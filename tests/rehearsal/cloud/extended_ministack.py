"""A program for tests of the cloud's base: ministack with one made-up service and one made-up resource type."""

import json
import sys
from pathlib import Path
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud import stack_rollback
from bluegreen.rehearsal.cloud.acceptance import Acceptance
from bluegreen.rehearsal.cloud.api import ApiError, Created
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.control_planes import ControlPlanes
from bluegreen.rehearsal.cloud.event_bus import EventBus
from bluegreen.rehearsal.cloud.functions import kill_running
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.server import prepare_environment, serve


class Deploy:
    botocore_name: ClassVar[str] = "codedeploy"

    def __init__(self, bus: EventBus, control_planes: ControlPlanes) -> None:
        self._bus = bus
        self._control_planes = control_planes

    def list_applications(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"applications": ["from-our-service"]}

    def delete_application(self, request: dict[str, Any]) -> dict[str, Any]:
        raise ApiError("InvalidApplicationNameException", f"no {request['applicationName']}")

    def batch_get_deployments(self, request: dict[str, Any]) -> dict[str, Any]:
        """Inject a fault, given as JSON."""
        fault = json.loads(request["deploymentIds"][0])
        if fault["fault"] not in stack_rollback.FAULTS:
            self._control_planes.inject(fault)
        stack_rollback.inject(fault)
        return {}

    def stop_deployment(self, request: dict[str, Any]) -> dict[str, Any]:
        """Put an event on the bus."""
        self._bus.put("aws.codedeploy", "Made up", {"deploymentId": request["deploymentId"]}, ["arn:of:it"])
        return {"status": "Succeeded"}

    def list_deployments(self, _request: dict[str, Any]) -> dict[str, Any]:
        """Return what was published."""
        told = [entry for entry in self._control_planes.journal.since(0) if entry.kind == "notification"]
        return {"deployments": [json.dumps(entry.facts) for entry in told]}


class Made:
    type_name: ClassVar[str] = "AWS::CodeDeploy::Application"
    create_only: ClassVar[frozenset[str]] = frozenset({"ApplicationName"})

    def create(self, name: str, properties: dict[str, Any]) -> Created:
        if properties.get("ComputePlatform") == "Broken":
            raise ValueError("Broken is no compute platform")
        return Created(properties.get("ApplicationName", name), {"Kind": "created"})

    def update(self, physical_id: str, old: dict[str, Any], new: dict[str, Any]) -> Created:
        return Created(physical_id, {"Kind": f"updated from {old['ComputePlatform']} to {new['ComputePlatform']}"})

    def delete(self, physical_id: str, _properties: dict[str, Any]) -> None:
        print(f"deleted {physical_id}", flush=True)  # noqa: T201 - read by the test


if __name__ == "__main__":
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    prepare_environment(
        port=port, region="eu-west-1", account="123456789012", factor=60, folder=folder, ca_file=folder / "ca.pem"
    )
    acceptance = Acceptance(region="eu-west-1", account="123456789012")
    clock = Clock(60)
    control_planes = ControlPlanes(clock, Journal(clock.now), kill_running)
    deploy = Deploy(EventBus(clock, region="eu-west-1", account="123456789012"), control_planes)
    serve(port, [deploy], [Made()], acceptance, control_planes, ready=lambda: print("ready", flush=True))  # noqa: T201 - read by the test
