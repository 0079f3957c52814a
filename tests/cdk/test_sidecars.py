"""Containers beside the application's: what they may do, and that they cannot hurt it."""

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match

from bluegreen.cdk import Container
from bluegreen.cdk.sidecars import AdotCollector, DatadogAgent, FireLens, Sidecar, SidecarContainer
from bluegreen.cdk.sidecars.sidecar import require_fitting, require_pinned
from bluegreen.cdk.task import Task
from examples.gallery import service_extras
from tests.cdk.nagging import findings
from tests.cdk.support import Synthesized, actions, add_migrating_service, add_service, synthesize

Containers = dict[str, dict[str, Any]]


class Proxy:
    """A sidecar that a user wrote."""

    def __init__(self, **settings: Any) -> None:
        self._settings: dict[str, Any] = {"name": "proxy", "cpu": 32, "memory_mib": 64} | settings

    def bind(self, task: Task) -> SidecarContainer:  # noqa: ARG002 - it needs nothing of the task
        return SidecarContainer(image=ecs.ContainerImage.from_registry("example.com/proxy:1.2.3"), **self._settings)


def secret(stack: cdk.Stack, name: str = "DatadogKey") -> ecs.Secret:
    arn = f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}-AbCdEf"
    return ecs.Secret.from_secrets_manager(secretsmanager.Secret.from_secret_complete_arn(stack, name, arn))


def containers(stack: Synthesized, **properties: Any) -> Containers:
    definition = stack.one("AWS::ECS::TaskDefinition", **properties)["Properties"]["ContainerDefinitions"]
    return {container["Name"]: container for container in definition}


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {one["Name"]: one["Value"] for one in container.get("Environment", [])}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A service with all three sidecars and migrations."""

    def define(stack: cdk.Stack) -> None:
        beside = [AdotCollector(), DatadogAgent(secret(stack), site="datadoghq.eu", env="prod"), FireLens()]
        add_migrating_service(stack, cpu=1024, memory_mib=2048, sidecars=beside)

    return synthesize(tmp_path_factory.mktemp("shop"), define)


@pytest.fixture(scope="module")
def beside(shop: Synthesized) -> Containers:
    """The containers of its task definition."""
    return containers(shop, Family="Shop-Orders-Task")


def with_sidecars(tmp_path_factory: pytest.TempPathFactory, *sidecars: Sidecar, **settings: Any) -> Synthesized:
    return synthesize(
        tmp_path_factory.mktemp("sidecars"), lambda stack: add_service(stack, sidecars=sidecars, **settings)
    )


def test_the_application_comes_first_and_is_the_only_essential_container(beside: Containers) -> None:
    """A sidecar that ends ends no task: only the application's container does."""
    assert list(beside) == ["app", "adot-collector", "datadog-agent", "log-router"]
    assert [name for name, container in beside.items() if container["Essential"]] == ["app"]


def test_a_leak_ends_the_sidecar(beside: Containers) -> None:
    """Each sidecar has a hard limit of memory and a share of the CPU; the application has what is left."""
    assert {name: (one.get("Cpu"), one.get("Memory")) for name, one in beside.items()} == {
        "app": (None, None),
        "adot-collector": (32, 256),
        "datadog-agent": (100, 512),
        "log-router": (32, 128),
    }


def test_the_application_waits_for_starts_only(beside: Containers) -> None:
    """It starts after its sidecars, and does not wait until one that may fail is healthy."""
    assert {(one["ContainerName"], one["Condition"]) for one in beside["app"]["DependsOn"]} == {
        ("adot-collector", "START"),
        ("datadog-agent", "START"),
        ("log-router", "START"),
    }


def test_every_sidecar_says_whether_it_is_healthy(beside: Containers) -> None:
    """Each has a health check, which shows in DescribeTasks and decides nothing."""
    assert all("HealthCheck" in one for name, one in beside.items() if name != "app")


def test_file_systems_are_read_only_where_the_image_allows_it(beside: Containers) -> None:
    """All but Datadog's agent, which writes its configuration at its start."""
    assert [name for name, one in beside.items() if not one["ReadonlyRootFilesystem"]] == ["datadog-agent"]


def test_sidecars_log_under_their_own_names(beside: Containers) -> None:
    """Each writes to the service's log group by awslogs, the router's own log too, with its name first."""
    found = {
        name: one["LogConfiguration"]["Options"]["awslogs-stream-prefix"]
        for name, one in beside.items()
        if one["LogConfiguration"]["LogDriver"] == "awslogs"
    }
    assert found == {name: name for name in ("adot-collector", "datadog-agent", "log-router")}


def test_migrations_run_without_sidecars(shop: Synthesized) -> None:
    """The migrations' task definition has their one container, which logs to CloudWatch directly."""
    (migrating,) = containers(shop, Family="Shop-Orders-Migrations-Task").values()
    assert migrating["LogConfiguration"]["LogDriver"] == "awslogs"
    assert not variables(migrating).keys() & {"OTEL_EXPORTER_OTLP_ENDPOINT", "DD_AGENT_HOST"}


def test_sidecars_are_reached_from_inside_the_task_only(beside: Containers) -> None:
    """The application finds them on the loopback, where they listen; none has a port mapping."""
    told = variables(beside["app"])
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4318"
    assert told["DD_AGENT_HOST"] == "127.0.0.1"
    config = json.loads(variables(beside["adot-collector"])["AOT_CONFIG_CONTENT"])
    endpoints = [one["endpoint"] for one in config["receivers"]["otlp"]["protocols"].values()]
    assert endpoints == ["127.0.0.1:4317", "127.0.0.1:4318"]
    assert not any(one.get("PortMappings") for name, one in beside.items() if name != "app")


def test_traces_need_two_actions(shop: Synthesized) -> None:
    """The tasks may put trace segments and write to their log group, and nothing else."""
    assert actions(shop.statements("OrdersTaskTaskRole")) == {
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_the_key_of_datadog_is_a_secret(beside: Containers) -> None:
    """The agent reads its key when it starts; the application is not given it."""
    assert [one["Name"] for one in beside["datadog-agent"]["Secrets"]] == ["DD_API_KEY"]
    assert "Secrets" not in beside["app"]


def test_a_router_that_does_not_keep_up_loses_lines(beside: Containers) -> None:
    """By default the application does not wait for its log: the buffer takes 10 MiB, then lines are lost."""
    log = beside["app"]["LogConfiguration"]
    assert (log["LogDriver"], log["Options"]["mode"], log["Options"]["max-buffer-size"]) == (
        "awsfirelens",
        "non-blocking",
        "10m",
    )


def test_logs_that_are_worth_more_than_answers(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A blocking router is essential: the application waits for its health, and for its lines to be taken."""
    output = {"Name": "http", "Host": "logs.example.com"}
    found = containers(with_sidecars(tmp_path_factory, FireLens(output, blocking=True)))
    assert found["log-router"]["Essential"]
    assert [one["Condition"] for one in found["app"]["DependsOn"]] == ["HEALTHY"]
    assert found["app"]["LogConfiguration"]["Options"] == output | {"mode": "blocking"}


def test_an_output_reads_its_secrets_at_the_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Secret options of a log output come from Secrets Manager, which ECS may read."""

    def define(stack: cdk.Stack) -> None:
        router = FireLens({"Name": "datadog"}, secret_output={"apikey": secret(stack)}, config_file="/extra.conf")
        add_service(stack, sidecars=[router])

    stack = synthesize(tmp_path_factory.mktemp("secret"), define)
    found = containers(stack)
    assert [one["Name"] for one in found["app"]["LogConfiguration"]["SecretOptions"]] == ["apikey"]
    assert found["log-router"]["FirelensConfiguration"]["Options"]["config-file-value"] == "/extra.conf"
    assert "secretsmanager:GetSecretValue" in actions(stack.statements("OrdersTaskExecutionRole"))


def test_metrics_go_to_the_services_log_group(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Metrics are collected when a namespace is given, and reach CloudWatch through the log."""
    stack = with_sidecars(tmp_path_factory, AdotCollector(metrics_namespace="Shop"))
    config = "".join(map(str, variables(containers(stack)["adot-collector"])["AOT_CONFIG_CONTENT"]["Fn::Join"][1]))
    assert '"namespace": "Shop"' in config
    assert "logs:PutLogEvents" in actions(stack.statements("OrdersTaskTaskRole"))


def test_a_sidecar_of_ones_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever describes a container can be one; it is as locked down as the application."""
    proxy = Proxy(variables={"UPSTREAM": "http://127.0.0.1:3128"}, settings=Container(writable_paths=["/tmp"]))
    found = containers(with_sidecars(tmp_path_factory, proxy, container=Container(writable_paths=["/tmp"])))
    assert variables(found["app"]) == {"UPSTREAM": "http://127.0.0.1:3128"}
    assert found["proxy"]["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert found["proxy"]["MountPoints"][0]["SourceVolume"] != found["app"]["MountPoints"][0]["SourceVolume"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"environment": {"OTEL_SERVICE_NAME": "mine"}}, "OTEL_SERVICE_NAME twice; leave it out of environment"),
        ({"cpu": 256, "memory_mib": 512, "more": 200}, "at least 128 MiB, got 456 of memory_mib=512 for 2 sidecars"),
    ],
)
def test_what_does_not_fit_beside_the_application_is_refused(
    settings: dict[str, Any], message: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A service whose sidecars take its variables or its memory is refused at synth."""
    more = [Proxy(memory_mib=settings.pop("more"))] if "more" in settings else []
    with pytest.raises(ValueError, match=message):
        with_sidecars(tmp_path_factory, AdotCollector(), *more, **settings)


def container(**settings: Any) -> SidecarContainer:
    return Proxy(**settings).bind(None)  # type: ignore[arg-type] # it does not look at the task


@pytest.mark.parametrize(
    ("sidecars", "message"),
    [
        ([{"cpu": 256}], "at least 1 CPU units, got 256 of cpu=256 for 1 sidecars"),
        ([{"name": "app"}], "names of sidecars must not be taken, got app twice"),
        ([{"name": "one"}, {"name": "one"}], "names of sidecars must not be taken, got one twice"),
        ([{"variables": {"A": "1"}}, {"name": "two", "variables": {"A": "2"}}], "got A twice"),
    ],
)
def test_sidecars_share_what_the_task_has(sidecars: list[dict[str, Any]], message: str) -> None:
    """Sidecars whose CPU, names or variables collide are refused."""
    with pytest.raises(ValueError, match=message):
        require_fitting([container(**one) for one in sidecars], cpu=256, memory_mib=512, taken=[], names=["app"])


def test_one_router_routes() -> None:
    """A task has one log router."""
    router = ecs.FirelensConfig(type=ecs.FirelensLogRouterType.FLUENTBIT)
    both = [container(name=name, firelens=router) for name in ("one", "two")]
    with pytest.raises(ValueError, match="one log router at most, got 2"):
        require_fitting(both, cpu=256, memory_mib=512, taken=[], names=["app"])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: AdotCollector(image="example.com/collector:latest"), "pinned to an exact version or a digest"),
        (lambda: AdotCollector(image="localhost:5000/collector"), "digest, got 'localhost:5000/collector'"),
        (lambda: FireLens(image="example.com/fluent-bit:3"), "digest, got 'example.com/fluent-bit:3'"),
        (lambda: AdotCollector(sample_percent=101), "sample_percent must be 0-100, got 101"),
        (lambda: AdotCollector(metrics_namespace="AWS/Shop"), "a name of your own"),
        (lambda: AdotCollector(metrics_namespace="Shop", config="{}"), "must not be given with config"),
        (lambda: FireLens({"Host": "x"}), "must have Fluent Bit's Name of it, got Host"),
        (lambda: FireLens(buffer_mib=0), "buffer_mib must be 1-128, got 0"),
        (lambda: FireLens(config_file="extra.conf"), "config_file must be absolute"),
        (lambda: container(name="Proxy"), "name must be 1-63 lower-case letters"),
        (lambda: container(memory_mib=5), "memory_mib of sidecar proxy must be at least 6, got 5"),
        (lambda: Container(ephemeral_storage_gib=20), "ephemeral_storage_gib must be 21-200, got 20"),
        (lambda: Container(ephemeral_storage_gib=201), "ephemeral_storage_gib must be 21-200, got 201"),
    ],
)
def test_bad_input_is_refused(made: Callable[[], object], message: str) -> None:
    """Each value out of range is refused with what is allowed."""
    with pytest.raises(ValueError, match=message):
        made()


@pytest.mark.parametrize(("site", "env"), [("https://datadoghq.eu", "prod"), ("datadoghq.eu", "")])
def test_datadog_must_be_told_where_and_what(site: str, env: str) -> None:
    """A site that is no host name and an environment without a name are refused."""
    with pytest.raises(ValueError, match=r"site must be|env must name"):
        DatadogAgent(secret(cdk.Stack()), site=site, env=env)


@pytest.mark.parametrize("name", ["example.com/a:1.2.3", "example.com:5000/a@sha256:0123", "a:main-20260701"])
def test_exact_versions_and_digests_are_pinned(name: str) -> None:
    """A version with three parts, a digest, and a tag that nobody moves by habit are taken."""
    assert require_pinned("image", name) == name


def test_a_larger_disk_on_graviton(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Disk and architecture reach the task definition; the migrations' runs on the same architecture."""
    settings = Container(ephemeral_storage_gib=50, architecture=ecs.CpuArchitecture.ARM64)
    stack = synthesize(tmp_path_factory.mktemp("disk"), lambda stack: add_migrating_service(stack, container=settings))
    served = stack.one("AWS::ECS::TaskDefinition", Family="Shop-Orders-Task")["Properties"]
    assert served["EphemeralStorage"] == {"SizeInGiB": 50}
    platforms = [one["Properties"]["RuntimePlatform"] for one in stack.of_type("AWS::ECS::TaskDefinition")]
    assert [one["CpuArchitecture"] for one in platforms] == ["ARM64", "ARM64"]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Synthesized, set[tuple[str, str]]]:
    """The gallery's service with everything beside it, and what both rule packs find in it."""
    folder = tmp_path_factory.mktemp("gallery")
    found = findings(folder, service_extras.define)
    return Synthesized(json.loads((folder / "GalleryServiceExtras.template.json").read_text())), found


def test_both_rule_packs_are_content(gallery: tuple[Synthesized, set[tuple[str, str]]]) -> None:
    """Both rule packs find nothing but the inline policies that every app of ours acknowledges as a whole."""
    assert {rule for _, rule in gallery[1]} == {"NIST.800.53.R5-IAMNoInlinePolicy"}


def test_everything_goes_together(gallery: tuple[Synthesized, set[tuple[str, str]]]) -> None:
    """Sidecars, ECS Exec, a larger disk, Graviton and Spot fit into one service."""
    stack, _ = gallery
    definition = stack.one("AWS::ECS::TaskDefinition")["Properties"]
    assert len(definition["ContainerDefinitions"]) == 4
    assert definition["EphemeralStorage"] == {"SizeInGiB": 50}
    assert definition["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert stack.one("AWS::ECS::Service")["Properties"]["EnableExecuteCommand"] is True


def test_a_release_waits_for_the_capacity_it_asks_for(gallery: tuple[Synthesized, set[tuple[str, str]]]) -> None:
    """A cluster's capacity providers are associated before a deployment names them."""
    stack, _ = gallery
    (associations,) = [
        name
        for name, resource in stack.resources.items()
        if resource["Type"] == "AWS::ECS::ClusterCapacityProviderAssociations"
    ]
    release = stack.one("Custom::Release")
    assert associations in release["DependsOn"]
    strategy = release["Properties"]["CapacityProviderStrategy"]
    assert [one["CapacityProvider"] for one in strategy] == ["FARGATE", "FARGATE_SPOT"]


@pytest.mark.parametrize(("seconds", "warned"), [(120, False), (121, True)])
def test_requests_that_spot_would_cut_are_warned_of(seconds: int, warned: bool) -> None:  # noqa: FBT001 - a table
    """Requests that may take longer than Spot's two minutes of notice are warned of at synth."""
    stack = cdk.Stack(cdk.App(), "Shop")
    spot = [ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)]
    add_service(stack, deregistration_seconds=seconds, capacity_providers=spot)
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("Fargate Spot takes a task away"))
    assert bool(found) == warned
