"""ECS with stand-ins for everything around it."""

import itertools
import secrets
import socket
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import StructureShape
from botocore.validate import ParamValidator

from bluegreen.rehearsal.cloud import protocol
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.ecs import Ecs
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore
from bluegreen.rehearsal.cloud.network import Network
from bluegreen.rehearsal.images import Images

GROUPS = {color: f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{color}/1" for color in ("b", "g")}
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"

SERVER = """
    import json, os, signal, sys
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(dict(os.environ)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    print("serving", sys.argv[3], flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""

BLUEGREEN_TOML = """
    [images.web]
    command = ["{python}", "server.py", "{host}", "{port}", "{version}"]
    environment = { MODE = "local", ONLY_LOCAL = "{version}" }
    [images.web.versions.stubborn]
    command = ["{python}", "-c", "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"]
    [images.web.versions.exits]
    command = ["{python}", "-c", "import sys; sys.exit(7)"]
    [images.web.versions.deaf]
    command = ["{python}", "-c", "import time; time.sleep(600)"]
    [images.worker]
    command = ["{python}", "-c", "import time; time.sleep(600)"]
"""


def client_error(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Any")


class FakeElbv2:
    """Two target groups whose targets are healthy when something listens there."""

    def __init__(self) -> None:
        self.targets: dict[str, set[tuple[str, int]]] = {arn: set() for arn in GROUPS.values()}
        self.draining: set[tuple[str, int]] = set()
        self.drain_polls = 0
        self.load_balancers = ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/x/1"]
        self.verdict: Callable[[str], str | None] = lambda _address: None

    def describe_target_groups(self, **request: Any) -> dict[str, Any]:
        shared = {"TargetType": "ip", "LoadBalancerArns": self.load_balancers}
        return {"TargetGroups": [{"TargetGroupArn": arn} | shared for arn in request["TargetGroupArns"]]}

    def register_targets(self, **request: Any) -> None:
        self.targets[request["TargetGroupArn"]] |= {(one["Id"], one["Port"]) for one in request["Targets"]}

    def deregister_targets(self, **request: Any) -> None:
        gone = {(one["Id"], one["Port"]) for one in request["Targets"]}
        self.targets[request["TargetGroupArn"]] -= gone
        self.draining |= gone

    def describe_target_health(self, **request: Any) -> dict[str, Any]:
        if "Targets" in request:
            self.drain_polls += 1
            if self.drain_polls % 3 == 0:
                self.draining.clear()
            return {"TargetHealthDescriptions": [self._drained(one) for one in request["Targets"]]}
        targets = sorted(self.targets[request["TargetGroupArn"]])
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": address, "Port": port}, "TargetHealth": {"State": self._state(address, port)}}
                for address, port in targets
            ]
        }

    def _drained(self, target: dict[str, Any]) -> dict[str, Any]:
        state = "draining" if (target["Id"], target["Port"]) in self.draining else "unused"
        return {"Target": target, "TargetHealth": {"State": state}}

    def _state(self, address: str, port: int) -> str:
        forced = self.verdict(address)
        if forced is not None:
            return forced
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return "healthy" if probe.connect_ex((address, port)) == 0 else "initial"


class FakeSecrets:
    def __init__(self) -> None:
        self.values = {SECRET: '{"url": "postgresql://db", "port": 5432}'}
        self.read: list[dict[str, str]] = []

    def get_secret_value(self, **request: str) -> dict[str, Any]:
        self.read.append(request)
        if request["SecretId"] not in self.values:
            raise client_error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return {"SecretString": self.values[request["SecretId"]]}


class FakeParameters:
    def get_parameter(self, **request: Any) -> dict[str, Any]:
        assert request["WithDecryption"] is True
        return {"Parameter": {"Value": f"value of {request['Name']}"}}


class FakeLogs:
    def __init__(self) -> None:
        self.streams: dict[str, list[str]] = {}

    def create_log_stream(self, **request: str) -> None:
        self.streams[f"{request['logGroupName']}:{request['logStreamName']}"] = []

    def put_log_events(self, **request: Any) -> None:
        stream = self.streams[f"{request['logGroupName']}:{request['logStreamName']}"]
        stream += [event["message"] for event in request["logEvents"]]


class OwnNetwork(Network):
    """Addresses of a range of this run's own, so that test runs beside each other do not meet."""

    def __init__(self) -> None:
        super().__init__()
        self._range = f"127.{100 + secrets.randbelow(150)}.{secrets.randbelow(250)}"
        self._numbers = itertools.count(1)

    def task_address(self) -> str:
        return f"{self._range}.{next(self._numbers)}"


class World:
    """ECS with a fake load balancer, fake secrets and fake logs, and a caller that holds it to botocore's shapes."""

    def __init__(self, folder: Path, factor: float) -> None:
        (folder / "server.py").write_text(textwrap.dedent(SERVER))
        (folder / "bluegreen.toml").write_text(textwrap.dedent(BLUEGREEN_TOML))
        self.elbv2, self.secrets, self.logs = FakeElbv2(), FakeSecrets(), FakeLogs()
        clients = {"elbv2": self.elbv2, "secretsmanager": self.secrets, "logs": self.logs, "ssm": FakeParameters()}
        self.clock = Clock(factor)
        self.metrics = MetricStore()
        self.journal = Journal(self.clock.now)
        self.ecs = Ecs(
            clock=self.clock,
            metrics=self.metrics,
            journal=self.journal,
            client=clients.__getitem__,
            network=OwnNetwork(),
            images=Images.load(folder / "bluegreen.toml"),
            folder=folder,
            region="eu-west-1",
            account="123456789012",
            task_environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        )

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call as boto3 would, and hold the request and the response against botocore's shapes."""
        model = protocol.service_model("ecs").operation_model(operation)
        assert isinstance(model.input_shape, StructureShape)
        assert isinstance(model.output_shape, StructureShape)
        assert not ParamValidator().validate(request, model.input_shape).has_errors()
        method = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
        result: dict[str, Any] = getattr(self.ecs, method)(request)
        present = {key: without_none(value) for key, value in result.items()}
        report = ParamValidator().validate(present, model.output_shape)
        assert not report.has_errors(), report.generate_report()
        assert set(result) <= set(model.output_shape.members)
        return result

    def register(self, tag: str = "v1", family: str = "web", **container: Any) -> str:
        definition = {
            "name": "web",
            "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:{tag}",
            "portMappings": [{"containerPort": 8080}],
        }
        registered = self.call(
            "RegisterTaskDefinition",
            family=family,
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn="arn:aws:iam::123456789012:role/execution",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[definition | container],
        )
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    def service(self, definition: str, desired: int = 2, group: str = "b", **changes: Any) -> dict[str, Any]:
        self.call("CreateCluster", clusterName="prod")
        request = placement(definition, group) | {
            "cluster": "prod",
            "serviceName": "orders",
            "desiredCount": desired,
            "deploymentController": {"type": "CODE_DEPLOY"},
        }
        created: dict[str, Any] = self.call("CreateService", **(request | changes))["service"]
        return created

    def sets(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.call("DescribeTaskSets", cluster="prod", service="orders")["taskSets"]
        return listed

    def tasks(self, desired_status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.call("ListTasks", cluster="prod", desiredStatus=desired_status)["taskArns"]
        tasks: list[dict[str, Any]] = self.call("DescribeTasks", cluster="prod", tasks=arns)["tasks"] if arns else []
        return tasks

    def steady(self) -> None:
        until(lambda: all(one["stabilityStatus"] == "STEADY_STATE" for one in self.sets()))


def without_none(value: Any) -> Any:
    """Drop what the encoder drops."""
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value


def placement(definition: str, group: str) -> dict[str, Any]:
    return {
        "taskDefinition": definition,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "loadBalancers": [{"targetGroupArn": GROUPS[group], "containerName": "web", "containerPort": 8080}],
    }


def address_of(task: dict[str, Any]) -> str:
    return str(task["attachments"][0]["details"][0]["value"])


def until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait for a condition, and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
    return found
