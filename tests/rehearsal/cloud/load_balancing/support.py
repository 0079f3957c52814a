"""A load balancing service with its neighbours faked, tiny real targets, and clients that keep their connections."""

import http.client
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from bluegreen.rehearsal.cloud.certificates import Authority
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.load_balancing import LoadBalancing
from bluegreen.rehearsal.cloud.metrics import MetricName, MetricStore
from bluegreen.rehearsal.cloud.network import Network
from tests.rehearsal.cloud.checked import Checked

_random = random.SystemRandom()

REGION, ACCOUNT = "eu-west-1", "123456789012"


class Ec2:
    """What load balancing asks of EC2."""

    def __init__(self) -> None:
        self.interfaces: dict[str, dict[str, Any]] = {}
        self.zones = {"subnet-a": "eu-west-1a", "subnet-b": "eu-west-1b", "subnet-a2": "eu-west-1a"}

    def describe_subnets(self, *, SubnetIds: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        found = [
            {"SubnetId": subnet, "AvailabilityZone": self.zones[subnet], "VpcId": "vpc-1"}
            for subnet in SubnetIds
            if subnet in self.zones
        ]
        return {"Subnets": found}

    def create_network_interface(self, **wanted: Any) -> dict[str, Any]:
        name = f"eni-{len(self.interfaces)}"
        self.interfaces[name] = wanted
        return {"NetworkInterface": {"NetworkInterfaceId": name}}

    def delete_network_interface(self, *, NetworkInterfaceId: str) -> None:  # noqa: N803 - boto3's name
        del self.interfaces[NetworkInterfaceId]


class Cloud:
    """The service and everything around it; `elb` calls it, held to botocore's model both ways."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock(60)
        self.metrics = MetricStore()
        self.journal = Journal(self.clock.now)
        self.ec2 = Ec2()
        self.authority = Authority(folder / "certificates")
        self.versions: dict[str, str] = {}
        network = Network()
        # Suites run side by side on one machine, and a load balancer's address is not shared.
        network._load_balancers = itertools.count(_random.randrange(1, 60_000))
        self.service = LoadBalancing(
            clock=self.clock,
            metrics=self.metrics,
            journal=self.journal,
            client=lambda _: self.ec2,
            region=REGION,
            account=ACCOUNT,
            folder=folder,
            network=network,
            authority=self.authority,
            version_of=self.versions.get,
        )
        self.elb = Checked(self.service)

    def load_balancer(self, name: str = "web", **more: Any) -> dict[str, Any]:
        created = self.elb.create_load_balancer(Name=name, Subnets=["subnet-a", "subnet-b"], **more)
        return dict(created["LoadBalancers"][0])

    def target_group(self, name: str = "blue", **more: Any) -> str:
        settings = {
            "Protocol": "HTTP",
            "Port": 8080,
            "VpcId": "vpc-1",
            "TargetType": "ip",
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
            "HealthyThresholdCount": 2,
        }
        return str(self.elb.create_target_group(Name=name, **settings | more)["TargetGroups"][0]["TargetGroupArn"])

    def listener(self, load_balancer: str, actions: list[dict[str, Any]], port: int = 80) -> str:
        wanted = {"LoadBalancerArn": load_balancer, "Protocol": "HTTP", "Port": port, "DefaultActions": actions}
        return str(self.elb.create_listener(**wanted)["Listeners"][0]["ListenerArn"])

    def register(self, group: str, *targets: "Server") -> None:
        listed = [{"Id": target.address, "Port": target.port} for target in targets]
        self.elb.register_targets(TargetGroupArn=group, Targets=listed)

    def deregister(self, group: str, *targets: "Server") -> None:
        listed = [{"Id": target.address, "Port": target.port} for target in targets]
        self.elb.deregister_targets(TargetGroupArn=group, Targets=listed)

    def states(self, group: str) -> dict[str, str]:
        health = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {entry["Target"]["Id"]: entry["TargetHealth"]["State"] for entry in health}

    def await_state(self, group: str, state: str) -> None:
        until(lambda: set(self.states(group).values()) == {state}, f"every target of {group} is {state}")

    def values(self, name: str, **dimensions: str) -> list[float]:
        metric = MetricName("AWS/ApplicationELB", name, frozenset(dimensions.items()))
        return self.metrics.between(metric, 0, float("inf"))


class Server:
    """A target: answers 200 with its name, or what `answer` says for a path."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self.healthy = True
        self.seen: list[dict[str, str]] = []
        self.answers: dict[str, Callable[[], int]] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer, else the kernel waits 40 ms between headers and body

            def do_GET(self) -> None:
                if self.headers["User-Agent"] == "ELB-HealthChecker/2.0":
                    status = 200 if server.healthy else 503
                else:
                    server.seen.append({key.lower(): value for key, value in self.headers.items()})
                    status = server.answers.get(self.path, lambda: 200)()
                body = server.name.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                """A load balancer may drop an idle connection."""

        self._server = Quiet((address, 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Client:
    """Sends one request after the other on one connection, and counts who answered; nothing is retried."""

    def __init__(self, address: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(address, port, timeout=10)

    def get(self, path: str = "/", headers: dict[str, str] | None = None) -> tuple[int, str, Any]:
        self._connection.request("GET", path, headers=headers or {})
        response = self._connection.getresponse()
        return response.status, response.read().decode(), response.headers

    def count(self, requests: int) -> Counter[str]:
        return Counter(self.get()[1] for _ in range(requests))

    def close(self) -> None:
        self._connection.close()


class Load:
    """Steady load from several keep-alive connections while a block runs."""

    def __init__(self, address: str, port: int, connections: int = 6) -> None:
        self.served: Counter[str] = Counter()
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(address, port), daemon=True) for _ in range(connections)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def await_more(self, requests: int) -> None:
        wanted = self.served.total() + requests
        until(lambda: self.served.total() >= wanted or bool(self.failures), f"{requests} more requests")

    def _run(self, address: str, port: int) -> None:
        client = Client(address, port)
        while not self._stop.is_set():
            try:
                status, who, _ = client.get()
            except (OSError, http.client.HTTPException) as error:
                with self._lock:
                    self.failures.append(repr(error))
                client.close()
                continue
            with self._lock:
                if status == 200:
                    self.served[who] += 1
                else:
                    self.failures.append(str(status))
        client.close()


def until(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait for a condition; polling is how a client of AWS waits as well."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(0.005)


def forward(*weighted: tuple[str, int]) -> list[dict[str, Any]]:
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weighted]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


class NoDataPlane:
    """Takes every configuration and does nothing."""

    def __init__(self, *_: Any) -> None:
        self.configuration: Any = None
        self.cuts: list[tuple[str, str]] = []

    def start(self) -> None:
        """Nothing to start."""

    def apply(self, configuration: Any) -> None:
        self.configuration = configuration

    def cut(self, backend: str, server: str) -> None:
        self.cuts.append((backend, server))

    def stop(self) -> None:
        """Nothing to stop."""
