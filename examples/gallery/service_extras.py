"""A service with everything that can run beside it, and every way to run it, that the reference leaves out."""

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.cdk import BlueGreenService, Container
from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.edge import AccessLogs, FirewallMode, WebFirewall
from bluegreen.cdk.exec_command import ExecCommand
from bluegreen.cdk.network import Nat, Network
from bluegreen.cdk.sidecars import AdotCollector, DatadogAgent, FireLens
from bluegreen.cdk.watching import AlarmTopics


def define(app: cdk.App) -> None:
    """Add the stack.

    Args:
        app: The app.
    """
    stack = cdk.Stack(app, "GalleryServiceExtras")
    key = EnvironmentKey(stack, "Key").key
    network = Network(stack, "Network", cidr="10.40.0.0/16", nat=Nat.one(), key=key)
    exec_command = ExecCommand(stack, "ExecCommand", key=key)
    cluster = ecs.Cluster(
        stack,
        "Cluster",
        vpc=network.vpc,
        container_insights_v2=ecs.ContainerInsights.ENABLED,
        enable_fargate_capacity_providers=True,
        execute_command_configuration=exec_command.configuration,
    )
    datadog = secretsmanager.Secret.from_secret_name_v2(stack, "DatadogKey", "datadog/api-key")
    service = BlueGreenService(
        stack,
        "Orders",
        cluster=cluster,
        # Built for several architectures: `docker buildx build --platform linux/amd64,linux/arm64`.
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4.65"),
        container_port=8080,
        certificate=acm.Certificate(
            stack,
            "Certificate",
            domain_name="orders.example.com",
            validation=acm.CertificateValidation.from_dns(),
        ),
        domain_name="orders.example.com",
        public=False,
        cpu=1024,
        memory_mib=2048,
        container=Container(
            architecture=ecs.CpuArchitecture.ARM64,
            ephemeral_storage_gib=50,
            read_only_root_filesystem=False,  # ECS Exec writes into it
            stop_timeout_seconds=90,  # within the 120 seconds after which Spot takes a task away
        ),
        log_encryption_key=key,
        exec_command=exec_command,
        sidecars=[
            AdotCollector(sample_percent=10, metrics_namespace="Orders"),
            DatadogAgent(ecs.Secret.from_secrets_manager(datadog), site="datadoghq.eu", env="gallery"),
            FireLens(buffer_mib=25),
        ],
        capacity_providers=[
            ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=1, weight=1),
            ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=3),
        ],
    )
    AccessLogs(stack, "AccessLogs").record(service.load_balancer)
    firewall = WebFirewall(stack, "Firewall", mode=FirewallMode.COUNT, key=key)
    firewall.protect(service.load_balancer)
    AlarmTopics(stack, "Alarms", key=key).tell([*network.alerts, *exec_command.alerts, *firewall.alerts])
