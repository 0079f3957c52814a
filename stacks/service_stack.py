"""The stack of one environment: the orders service."""

from aws_cdk import CfnOutput, Stack, Tags
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from bluegreen.cdk import (
    AlembicMigrations,
    BlueGreenService,
    Container,
    HealthCheck,
    HttpCheck,
    RollbackPolicy,
    SmokeTests,
)
from bluegreen.cdk.data import Database

from .data_stack import DataStack
from .edge import open_to_users
from .environments import APPLICATION, Environment
from .observing import Observing, Outside
from .recovery import prove_recovery
from .tasks import capacity, define_cluster, sidecars
from .watching import Watching

REPOSITORY = APPLICATION
"""The ECR repository, in the account and region of each environment; whoever builds images owns it."""
PORT = 8080


class ServiceStack(Stack):
    """The orders service in one environment.

    It goes to whatever account and region it is deployed to, and asks AWS nothing at synth.

    Args:
        scope: The app.
        environment: What differs between environments.
        data: Its network and its database.
        version: The image's tag.

    Attributes:
        service: The service.
        migrations: What migrates its database.
        watching: Its alerts and objectives.
        recovery: What proves that its database can be recovered.
        observing: Its dashboards.
    """

    def __init__(self, scope: Construct, *, environment: Environment, data: DataStack, version: str) -> None:
        super().__init__(
            scope,
            environment.stack_name,
            description=f"The {APPLICATION} service, {environment.name}",
        )
        Tags.of(self).add("application", APPLICATION)
        Tags.of(self).add("environment", environment.name)
        cluster = define_cluster(self, data.vpc)
        repository = ecr.Repository.from_repository_name(self, "Repository", REPOSITORY)
        migrations = _migrations(data.database, environment)
        self.service = BlueGreenService(
            self,
            "Orders",
            cluster=cluster,
            image=ecs.ContainerImage.from_ecr_repository(repository, version),
            version=version,
            container_port=PORT,
            container=Container(user="10001:10001"),
            sidecars=sidecars(environment),
            capacity_providers=capacity(environment),
            certificate=data.entrance.certificate(self),
            domain_name=environment.domain_name,
            # Not /health/ready: while the database fails over, that would have ECS replace every task.
            health_check=HealthCheck(path="/health/live"),
            cpu=environment.cpu,
            memory_mib=environment.memory_mib,
            environment=data.database.environment(),
            secrets=data.database.variables(data.database.application_user),
            log_retention=environment.log_retention,
            log_encryption_key=data.key,
            scaling=environment.scaling,
            rollout=environment.rollout,
            rollback=RollbackPolicy(cpu_percent=90, memory_percent=95),
            hooks=[migrations, _smoke_tests(environment)],
        )
        self.migrations = migrations.of(self.service)
        rule = data.database.let_in(self.service.security_group, "The tasks")
        # A task that starts before it is let in fails, and with it the first creation of the stack.
        self.service.ecs_service.node.add_dependency(rule)
        scheme = "https" if environment.domain_name else "http"
        host = environment.domain_name or self.service.load_balancer.load_balancer_dns_name
        url = f"{scheme}://{host}"
        CfnOutput(self, "Url", value=url)
        edge = open_to_users(self, environment, entrance=data.entrance, service=self.service, key=data.key)
        self.recovery = prove_recovery(self, environment, service=self.service, data=data)
        outside = Outside(self, "Outside", url=url, environment=environment, key=data.key)
        also = [*edge, *self.recovery.alerts, *outside.alerts]
        self.watching = Watching(
            self, service=self.service, topics=data.topics, key=data.key, archive=data.log_archive, also=also
        )
        self.observing = Observing(
            self,
            "Observing",
            service=self.service,
            environment=environment,
            alerts=self.watching.alerts,
            budgets={
                "availability": self.watching.availability.metric_budget_remaining(),
                "latency": self.watching.latency.metric_budget_remaining(),
            },
            canaries=outside.canaries,
            refused=[],
        )


def _migrations(database: Database, environment: Environment) -> AlembicMigrations:
    if database.instance is None:
        raise TypeError("the database must be an RDS instance: that is what migrations know to back up")
    return AlembicMigrations(
        database.instance,
        database.variables(database.migrator),
        environment=database.environment(),
        # Whoever migrates in years to come, what was made before stays theirs to change.
        owner_role=f"{APPLICATION}_owner",
        application_user=database.application_user,
        log_retention=environment.log_retention,
    )


def _smoke_tests(environment: Environment) -> SmokeTests:
    headers = {"X-Content-Type-Options": "^nosniff$"}
    if environment.domain_name:
        headers["Strict-Transport-Security"] = r"max-age=\d{8}"
    return SmokeTests(
        HttpCheck("/health/ready", json={"status": "ok"}, response_headers=headers),
        HttpCheck("/orders", max_milliseconds=2000),
        HttpCheck("/orders/not-a-number", status=422),
    )
