"""A program for test_server.py: ministack with one made-up service and one made-up resource type."""

import sys
from pathlib import Path
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud.api import ApiError, Created
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.server import prepare_environment, serve


class Deploy:
    botocore_name: ClassVar[str] = "codedeploy"

    def list_applications(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"applications": ["from-our-service"]}

    def delete_application(self, request: dict[str, Any]) -> dict[str, Any]:
        raise ApiError("InvalidApplicationNameException", f"no {request['applicationName']}")


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
    serve(port, [Deploy()], [Made()], Clock(60), ready=lambda: print("ready", flush=True))  # noqa: T201 - read by the test
