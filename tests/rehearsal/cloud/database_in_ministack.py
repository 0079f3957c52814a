"""A program for test_rds.py: ministack with our RDS and the types over it."""

import sys
from pathlib import Path
from typing import Any

import boto3

from bluegreen.rehearsal.cloud.acceptance import Acceptance
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.control_planes import ControlPlanes
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.rds import Rds
from bluegreen.rehearsal.cloud.rds.resource_types import resource_types
from bluegreen.rehearsal.cloud.secrets_manager import SecretType
from bluegreen.rehearsal.cloud.server import prepare_environment, serve

if __name__ == "__main__":
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    prepare_environment(
        port=port, region="eu-west-1", account="123456789012", factor=60, folder=folder, ca_file=folder / "ca.pem"
    )

    def client(name: Any) -> Any:
        return boto3.client(name)

    acceptance = Acceptance(region="eu-west-1", account="123456789012")
    clock = Clock(60)
    journal = Journal(clock.now)
    rds = Rds(clock=clock, journal=journal, client=client, folder=folder, region="eu-west-1", account="123456789012")
    try:
        ready = lambda: print("ready", flush=True)  # noqa: E731, T201 - read by the test
        serve(
            port,
            [rds],
            [SecretType(client), *resource_types(rds, client)],
            acceptance,
            ControlPlanes(clock, journal, lambda: None),
            ready=ready,
        )
    finally:
        rds.stop()
