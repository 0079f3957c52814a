"""A program for test_jobs.py: ministack with our ECS, whose only image runs programs given as commands."""

import sys
from pathlib import Path
from typing import Any

import boto3

from bluegreen.rehearsal.cloud.acceptance import Acceptance
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.control_planes import ControlPlanes
from bluegreen.rehearsal.cloud.ecs import Ecs
from bluegreen.rehearsal.cloud.functions import kill_running
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore
from bluegreen.rehearsal.cloud.network import Network
from bluegreen.rehearsal.cloud.server import prepare_environment, serve
from bluegreen.rehearsal.images import Images

WHERE = {"region": "eu-west-1", "account": "123456789012"}

if __name__ == "__main__":
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    prepare_environment(port=port, **WHERE, factor=60, folder=folder, ca_file=folder / "ca.pem")
    (folder / "bluegreen.toml").write_text('[images.job]\ncommand = ["{python}", "-c", "pass"]\n')

    def client(name: Any) -> Any:
        return boto3.client(name)

    acceptance = Acceptance(region="eu-west-1", account="123456789012")
    clock = Clock(60)
    journal = Journal(clock.now)
    ecs = Ecs(
        **WHERE,
        clock=clock,
        metrics=MetricStore(),
        journal=journal,
        client=client,
        network=Network(),
        images=Images.load(folder / "bluegreen.toml"),
        folder=folder,
    )
    try:
        ready = lambda: print("ready", flush=True)  # noqa: E731, T201 - read by the test
        serve(port, [ecs], [], acceptance, ControlPlanes(clock, journal, kill_running), ready=ready)
    finally:
        ecs.stop()
