"""All parts of the local cloud, put together in the order in which they need each other."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bluegreen.rehearsal.images import Images

from . import (
    cloudwatch,
    codedeploy,
    control_planes,
    ecs,
    functions,
    load_balancing,
    rds,
    stack_rollback,
)
from .acceptance import Acceptance
from .api import Document, ResourceType, Service
from .autoscaling import ApplicationAutoScaling, ScalableTargetType, ScalingPolicyType
from .certificates import Authority, CertificateType
from .clock import Clock, Gate
from .event_bus import EventBus
from .journal import Journal
from .metrics import MetricStore
from .network import Network
from .secrets_manager import SecretType


class Cloud:
    """The emulated services, what CloudFormation makes of them, and how to look at them and break them.

    Args:
        folder: Where everything that is written goes.
        endpoint: The URL at which the services will answer; they call each other through it.
        images: How container images run locally.
        factor: Cloud seconds per real second.
        region: The only region.
        account: The account's number.
    """

    def __init__(
        self, folder: Path, *, endpoint: str, images: Images, factor: float, region: str, account: str
    ) -> None:
        self._stopped = threading.Event()
        self.clock = Clock(factor)
        self.journal = Journal(self.clock.now)
        self._authority = Authority(folder / "tls")
        self.ca_file = self._authority.ca_file
        self._client = client_factory(endpoint, region, self.clock.control_planes)
        self._region, self._account = region, account
        metrics = MetricStore()
        where: dict[str, Any] = {"region": region, "account": account}
        self.acceptance = Acceptance(**where)
        common: dict[str, Any] = {**where, "clock": self.clock, "journal": self.journal, "client": self._client}
        machine: dict[str, Any] = {**common, "metrics": metrics, "network": Network(), "folder": folder}
        self._ecs = ecs.Ecs(**machine, images=images, task_environment=_task_environment(endpoint, region))
        self._load_balancing = load_balancing.LoadBalancing(
            **machine, authority=self._authority, version_of=self._ecs.version_of
        )
        self._scaling = ApplicationAutoScaling(**where, client=self._client, now=self.clock.now, journal=self.journal)
        bus = EventBus(self.clock, **where)
        self._cloudwatch = cloudwatch.CloudWatch(
            **common, metrics=metrics, scale=self._scaling.on_alarm, put_event=bus.put
        )
        self._codedeploy = codedeploy.CodeDeploy(**common, put_event=bus.put)
        self._rds = rds.Rds(**common, folder=folder)
        self.control_planes = control_planes.ControlPlanes(self.clock, self.journal, functions.kill_running)
        self._players: dict[str, Callable[[Document], None]] = {
            **dict.fromkeys(control_planes.FAULTS, self.control_planes.inject),
            **dict.fromkeys(codedeploy.FAULTS, self._codedeploy.inject),
            **dict.fromkeys(ecs.FAULTS, self._ecs.inject),
            **dict.fromkeys(load_balancing.FAULTS, self._load_balancing.inject),
            **dict.fromkeys(rds.FAULTS, self._rds.inject),
            **dict.fromkeys(stack_rollback.FAULTS, stack_rollback.inject),
        }

    def services(self) -> list[Service]:
        """Return the services to register."""
        return [self._ecs, self._load_balancing, self._cloudwatch, self._codedeploy, self._scaling, self._rds]

    def resource_types(self) -> list[ResourceType]:
        """Return the CloudFormation resource types to register."""
        return [
            *ecs.resource_types(self._ecs, self.clock),
            *load_balancing.resource_types(self._load_balancing),
            *rds.resource_types(self._rds, self._client),
            *cloudwatch.resource_types(self._cloudwatch),
            *codedeploy.resource_types(self._codedeploy),
            SecretType(self._client),
            ScalableTargetType(self._scaling),
            ScalingPolicyType(self._scaling),
            CertificateType(self._authority, region=self._region, account=self._account),
        ]

    def snapshots(self) -> dict[str, Callable[[], Any]]:
        """Return what describes each part's present state."""
        return {
            "ecs": self._ecs.snapshot,
            "load_balancing": self._load_balancing.snapshot,
            "cloudwatch": self._cloudwatch.snapshot,
            "codedeploy": self._codedeploy.snapshot,
            "rds": self._rds.snapshot,
            "accepted": self.acceptance.snapshot,
        }

    def inject(self, fault: Document) -> None:
        """Break something, or mend everything with `{"fault": null}`.

        Raises:
            ValueError: If no part knows the fault, or it lacks something.
        """
        kind = fault.get("fault")
        if kind is not None and kind not in self._players:
            raise ValueError(f"fault must be one of {', '.join(sorted(self._players))} or null, got {kind!r}")
        for play in [self._players[kind]] if kind else set(self._players.values()):
            play(fault)
        self.journal.record("fault", f"{kind} is injected" if kind else "faults are cleared", **fault)

    def start(self) -> None:
        """Start what works in the background."""
        self._cloudwatch.start()

    def stop(self) -> None:
        """End every thread and every process; may be called twice."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self.control_planes.stop()
        for part in (self._codedeploy, self._cloudwatch, self._ecs, self._load_balancing, self._rds):
            part.stop()


def _task_environment(endpoint: str, region: str) -> dict[str, str]:
    """Return what stands in for a task's role: AWS clients in it reach this cloud."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": region, "AWS_DEFAULT_REGION": region, **keys}


def client_factory(endpoint: str, region: str, gate: Gate) -> Callable[[str], Any]:
    """Return what makes the services' own boto3 clients of the local cloud.

    Args:
        endpoint: Where they call.
        region: The only region.
        gate: While it is closed their calls wait, and with them the engine that makes them.
    """
    import boto3  # noqa: PLC0415 - only the cloud's own process needs it
    from botocore.config import Config  # noqa: PLC0415

    session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)  # noqa: S106

    def wait(**_: object) -> None:
        # Nothing is returned: botocore would take it for the response.
        gate.wait()

    session.events.register("before-send", wait)
    config = Config(
        user_agent_extra=control_planes.OWN_CLIENTS,
        # Waits of one service for another are bounded by the service, not by its client.
        read_timeout=60,
        connect_timeout=5,
        max_pool_connections=50,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    # A session makes clients for one thread at a time, and making one costs more than a call.
    lock = threading.Lock()
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        with lock:
            if service not in clients:
                clients[service] = session.client(service, endpoint_url=endpoint, config=config)
            return clients[service]

    return client
