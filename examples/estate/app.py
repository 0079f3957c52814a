"""A CDK application that puts services into every kind of surroundings; context values say which, and what runs.

`cdk deploy TogetherStack -c arrangement=together -c orders=v1 -c billing=v1` deploys two services that share a load
balancer. The README lists the arrangements.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk import (
    AlembicMigrations,
    BlueGreenService,
    HealthCheck,
    Hook,
    HttpCheck,
    RollbackPolicy,
    Rollout,
    Scaling,
    SmokeTests,
)

REPOSITORY = "hello"
"""The ECR repository with the image of server.py; every service runs it."""

ROLLOUTS: Mapping[str, Rollout] = {
    "quick": Rollout.canary(percent=10, bake_minutes=6, keep_previous_minutes=10),
    "approved": Rollout.canary(percent=10, bake_minutes=6, keep_previous_minutes=10, approval_wait_minutes=15),
    "long": Rollout.canary(percent=10, bake_minutes=65, keep_previous_minutes=10),
}
"""How a release moves traffic, by the context value `rollout`."""

PORTS: Mapping[str, tuple[int, int]] = {"Orders": (80, 8080), "Billing": (81, 8081)}
"""The production and the test port of each service: they may share a load balancer."""

GROUND = ("Vpc", "Zones", "PublicSubnets", "PrivateSubnets", "Cluster", "LoadBalancer", "Dns", "SecurityGroup")
LISTENERS = ("ProductionListener", "TestListener")
"""The outputs of GroundStack, which are context values of TenantStack."""


class ChoiceError(ValueError):
    """The context does not say what to deploy."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What `cdk -c …` says beside the arrangement.

    Args:
        get: Returns a context value, None when it was not given.
        rollout: A name of `ROLLOUTS`.
        health_path: What the load balancer asks tasks for.
        owner: The value of a tag of everything that may have tags.
    """

    get: Callable[[str], Any]
    rollout: str = "quick"
    health_path: str = "/health"
    owner: str = "nobody"

    @classmethod
    def from_context(cls, get: Callable[[str], Any]) -> Self:
        """Read the CDK's context.

        Args:
            get: Returns a context value, None when it was not given.

        Raises:
            ChoiceError: If there is no rollout of that name.

        Example:
            >>> Choice.from_context({"orders": "v2"}.get).version("orders")
            'v2'
        """
        given = {name: get(name) for name in ("rollout", "health_path", "owner")}
        choice = cls(get=get, **{name: value for name, value in given.items() if value is not None})
        if choice.rollout not in ROLLOUTS:
            raise ChoiceError(f"rollout must be one of {', '.join(ROLLOUTS)}, got {choice.rollout!r}")
        return choice

    def arrangement(self) -> Callable[[cdk.App, Self], None]:
        """Return what defines the stacks.

        Raises:
            ChoiceError: If there is no arrangement of that name.
        """
        name = self.get("arrangement")
        if name not in ARRANGEMENTS:
            raise ChoiceError(f"arrangement must be one of {', '.join(ARRANGEMENTS)}, got {name!r}")
        return ARRANGEMENTS[name]

    def version(self, service: str) -> str:
        """Return the image tag of a service: the context value of its name, else `version`.

        Raises:
            ChoiceError: If neither was given, or it is no tag.
        """
        version = self.get(service) or self.get("version")
        if not isinstance(version, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", version):
            raise ChoiceError(f"{service} must be an image tag, got {version!r}; name one, such as -c {service}=v2")
        return version

    def ground(self) -> Mapping[str, str]:
        """Return the surroundings that another stack made.

        Raises:
            ChoiceError: If a part of them is missing.
        """
        names = (*GROUND, *LISTENERS)
        missing = [name for name in names if not self.get(name)]
        if missing:
            raise ChoiceError(f"{', '.join(missing)} must be given: they are outputs of GroundStack")
        return {name: str(self.get(name)) for name in names}


def define_service(
    scope: Construct,
    name: str,
    choice: Choice,
    cluster: ecs.ICluster,
    hooks: Sequence[Hook] = (),
    **surroundings: Any,
) -> None:
    """Define a service.

    Args:
        scope: A stack, nested or not.
        name: A name of `PORTS`.
        choice: Its version, its rollout.
        cluster: Where its tasks run.
        hooks: What its releases go through beside the smoke tests.
        surroundings: What else it is given: a load balancer, listeners.
    """
    production_port, test_port = PORTS[name]
    version = choice.version(name.lower())
    repository = ecr.Repository.from_repository_name(scope, f"{name}Repository", REPOSITORY)
    BlueGreenService(
        scope,
        name,
        cluster=cluster,
        image=ecs.ContainerImage.from_ecr_repository(repository, version),
        version=version,
        container_port=8080,
        production_port=production_port,
        test_port=test_port,
        health_check=HealthCheck(path=choice.health_path),
        rollout=ROLLOUTS[choice.rollout],
        rollback=RollbackPolicy(error_rate_percent=1),
        scaling=Scaling(min_tasks=2, max_tasks=4),
        hooks=[*hooks, SmokeTests(HttpCheck("/", status=200))],
        **surroundings,
    )


def define_cluster(stack: cdk.Stack) -> ecs.Cluster:
    """Define a network and a cluster."""
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1, restrict_default_security_group=False)
    return ecs.Cluster(stack, "Cluster", vpc=vpc)


def alone(app: cdk.App, choice: Choice) -> None:
    """One service with all that it needs, and a topic for what becomes of its releases."""
    stack = cdk.Stack(app, "AloneStack")
    topic = sns.Topic(stack, "Releases")
    define_service(stack, "Orders", choice, define_cluster(stack), notifications=topic)
    cdk.Tags.of(stack).add("owner", choice.owner)


def together(app: cdk.App, choice: Choice) -> None:
    """Two services that share a load balancer."""
    stack = cdk.Stack(app, "TogetherStack")
    cluster = define_cluster(stack)
    shared = elbv2.ApplicationLoadBalancer(stack, "LoadBalancer", vpc=cluster.vpc, internet_facing=True)
    for name in PORTS:
        define_service(stack, name, choice, cluster, load_balancer=shared)
    cdk.Tags.of(stack).add("owner", choice.owner)


def sharing(app: cdk.App, choice: Choice) -> None:
    """Two services that migrate one database, each from its own image."""
    stack = cdk.Stack(app, "SharingStack")
    cluster = define_cluster(stack)
    database = rds.DatabaseInstance(
        stack,
        "Database",
        engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_16),
        vpc=cluster.vpc,
        database_name="visits",
        credentials=rds.Credentials.from_generated_secret("migrator"),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    if database.secret is None:
        raise TypeError("the instance must have a generated secret")
    fields = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "username", "PASSWORD": "password"}
    secrets = {
        f"DATABASE_{name}": ecs.Secret.from_secrets_manager(database.secret, field) for name, field in fields.items()
    }
    shared = elbv2.ApplicationLoadBalancer(stack, "LoadBalancer", vpc=cluster.vpc, internet_facing=True)
    for name in PORTS:
        migrations = AlembicMigrations(database, secrets, deadline_minutes=10, history="visits")
        define_service(stack, name, choice, cluster, [migrations], load_balancer=shared)
    cdk.Tags.of(stack).add("owner", choice.owner)


def staged(app: cdk.App, choice: Choice) -> None:
    """A service in a nested stack, its network in the stack around it, both in a Stage."""
    stack = cdk.Stack(cdk.Stage(app, "Europe"), "Shop")
    define_service(cdk.NestedStack(stack, "Inner"), "Orders", choice, define_cluster(stack))
    # CloudFormation would put the tags of a nested stack onto its ECS service, where none can change.
    cdk.Tags.of(stack).add("owner", choice.owner, exclude_resource_types=["AWS::CloudFormation::Stack"])


def ground(app: cdk.App, _choice: Choice) -> None:
    """What tenants import: network, cluster, load balancer, and listeners that answer 503 until somebody comes."""
    stack = cdk.Stack(app, "GroundStack")
    cluster = define_cluster(stack)
    vpc = cluster.vpc
    shared = elbv2.ApplicationLoadBalancer(stack, "LoadBalancer", vpc=vpc, internet_facing=True)
    closed = elbv2.ListenerAction.fixed_response(503)
    listeners = {
        name: shared.add_listener(
            name, port=port, protocol=elbv2.ApplicationProtocol.HTTP, open=is_open, default_action=closed
        )
        for name, port, is_open in zip(LISTENERS, PORTS["Orders"], (True, False), strict=True)
    }
    outputs = {
        "Vpc": vpc.vpc_id,
        "Zones": cdk.Fn.join(",", vpc.availability_zones),
        "PublicSubnets": cdk.Fn.join(",", [subnet.subnet_id for subnet in vpc.public_subnets]),
        "PrivateSubnets": cdk.Fn.join(",", [subnet.subnet_id for subnet in vpc.private_subnets]),
        "Cluster": cluster.cluster_name,
        "LoadBalancer": shared.load_balancer_arn,
        "Dns": shared.load_balancer_dns_name,
        "SecurityGroup": shared.connections.security_groups[0].security_group_id,
        **{name: listener.listener_arn for name, listener in listeners.items()},
    }
    for name, value in outputs.items():
        cdk.CfnOutput(stack, f"{name}Id", value=value).override_logical_id(name)


def tenant(app: cdk.App, choice: Choice) -> None:
    """A service in surroundings that GroundStack made, known by their ids only."""
    stack = cdk.Stack(app, "TenantStack")
    given = choice.ground()
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id=given["Vpc"],
        availability_zones=given["Zones"].split(","),
        public_subnet_ids=given["PublicSubnets"].split(","),
        private_subnet_ids=given["PrivateSubnets"].split(","),
    )
    group = ec2.SecurityGroup.from_security_group_id(stack, "SecurityGroup", given["SecurityGroup"])
    cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name=given["Cluster"], vpc=vpc)
    shared = elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
        stack,
        "LoadBalancer",
        load_balancer_arn=given["LoadBalancer"],
        load_balancer_dns_name=given["Dns"],
        security_group_id=given["SecurityGroup"],
        vpc=vpc,
    )
    production, test = (
        elbv2.ApplicationListener.from_application_listener_attributes(
            stack, name, listener_arn=given[name], security_group=group, default_port=port
        )
        for name, port in zip(LISTENERS, PORTS["Orders"], strict=True)
    )
    define_service(
        stack,
        "Orders",
        choice,
        cluster,
        load_balancer=shared,
        production_listener=production,
        test_listener=test,
    )
    cdk.Tags.of(stack).add("owner", choice.owner)


ARRANGEMENTS: Mapping[str, Callable[[cdk.App, Choice], None]] = {
    arrangement.__name__: arrangement for arrangement in (alone, together, sharing, staged, ground, tenant)
}
"""What can be deployed, by the context value `arrangement`."""


def main() -> None:
    """Synthesize what was asked for.

    Raises:
        SystemExit: If the context does not say what to deploy.
    """
    app = cdk.App()
    try:
        choice = Choice.from_context(app.node.try_get_context)
        choice.arrangement()(app, choice)
    except ChoiceError as error:
        sys.exit(f"error: {error}")
    app.synth()


if __name__ == "__main__":
    main()
