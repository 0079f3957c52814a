"""Small builders, so that a test of the constructs states only what it is about."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bluegreen.cdk import AlembicMigrations, BlueGreenService

Resource = dict[str, Any]

PUBLIC_SUBNETS = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
SHARED_LOAD_BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shared/0123456789abcdef"
PRIVATE_SUBNETS = ["subnet-0cccccccccccccccc", "subnet-0dddddddddddddddd"]


def imported_vpc(scope: Construct, construct_id: str = "Vpc") -> ec2.IVpc:
    """Return a VPC that somebody else owns: it adds no resources."""
    return ec2.Vpc.from_vpc_attributes(
        scope,
        construct_id,
        vpc_id="vpc-0123456789abcdef0",
        availability_zones=["eu-west-1a", "eu-west-1b"],
        public_subnet_ids=PUBLIC_SUBNETS,
        private_subnet_ids=PRIVATE_SUBNETS,
    )


def imported_cluster(scope: Construct) -> ecs.ICluster:
    """Return a cluster that somebody else owns."""
    return ecs.Cluster.from_cluster_attributes(scope, "Cluster", cluster_name="shop", vpc=imported_vpc(scope))


def imported_load_balancer(scope: Construct) -> elbv2.IApplicationLoadBalancer:
    """Return a load balancer that somebody else owns."""
    return elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
        scope,
        "Shared",
        load_balancer_arn=SHARED_LOAD_BALANCER,
        load_balancer_dns_name="shared.example.com",
        security_group_id="sg-0123456789abcdef0",
        security_group_allows_all_outbound=False,
    )


def given_listeners(scope: Construct) -> dict[str, Any]:
    """Return the arguments for two listeners that somebody else owns, on ports 443 and 8443."""
    arn = SHARED_LOAD_BALANCER.replace(":loadbalancer/", ":listener/")
    found = {
        name: elbv2.ApplicationListener.from_application_listener_attributes(
            scope,
            name.title(),
            listener_arn=f"{arn}/{number}123456789abcdef",
            security_group=ec2.SecurityGroup.from_security_group_id(scope, f"{name}Group", "sg-0123456789abcdef0"),
        )
        for number, name in enumerate(("production_listener", "test_listener"))
    }
    return {**found, "production_port": 443, "test_port": 8443}


def image(tag: str = "v1") -> ecs.ContainerImage:
    """Return an image of the shop."""
    return ecs.ContainerImage.from_registry(f"example.com/shop/orders:{tag}")


def add_service(scope: Construct, construct_id: str = "Orders", **settings: Any) -> BlueGreenService:
    """Add a service with what it must have, in the imported cluster unless another is given."""
    given: dict[str, Any] = {"image": image(), "container_port": 8080} | settings
    if "cluster" not in given:
        given["cluster"] = scope.node.try_find_child("Cluster") or imported_cluster(scope)
    return BlueGreenService(scope, construct_id, **given)


class Synthesized:
    """A synthesized stack's resources."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self.template = template
        self.resources: dict[str, Resource] = template["Resources"]

    def of_type(self, type_name: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources.values() if resource["Type"] == type_name]

    def one(self, type_name: str, **properties: Any) -> Resource:
        """Return the only resource of a type that has these properties."""
        (found,) = [
            resource
            for resource in self.of_type(type_name)
            if all(resource["Properties"].get(name) == value for name, value in properties.items())
        ]
        return found

    def under(self, prefix: str) -> dict[str, Resource]:
        """Return the resources whose logical id begins with `prefix`, without metadata."""
        return {
            name: {key: value for key, value in resource.items() if key != "Metadata"}
            for name, resource in self.resources.items()
            if name.startswith(prefix)
        }

    def statements(self, prefix: str) -> list[dict[str, Any]]:
        """Return every policy statement, inline or attached, of resources whose logical id begins with `prefix`."""
        found = []
        for resource in self.under(prefix).values():
            properties = resource.get("Properties", {})
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
                documents.append(properties["PolicyDocument"])
            found += [statement for document in documents for statement in document["Statement"]]
        return found


def synthesize(
    folder: Path, define: Callable[[cdk.Stack], object], *, context: Mapping[str, Any] | None = None
) -> Synthesized:
    """Define a stack called Shop and synthesize it into `folder`."""
    app = cdk.App(outdir=str(folder), context=context)
    define(cdk.Stack(app, "Shop"))
    app.synth()
    return Synthesized(json.loads((folder / "Shop.template.json").read_text()))


def actions(statements: list[dict[str, Any]]) -> set[str]:
    """Return every action of some statements."""
    return {
        action
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def imported_database(scope: Construct) -> rds.IDatabaseInstance:
    """Return a database instance that somebody else owns: it adds no resources."""
    group = ec2.SecurityGroup.from_security_group_id(scope, "DatabaseGroup", "sg-0fedcba9876543210")
    return rds.DatabaseInstance.from_database_instance_attributes(
        scope,
        "Database",
        instance_identifier="shop",
        instance_endpoint_address="shop.example.com",
        port=5432,
        security_groups=[group],
    )


def migrations(scope: Construct, **settings: Any) -> AlembicMigrations:
    """Return the hook, over the imported database, with what it must have."""
    password = secretsmanager.Secret.from_secret_complete_arn(
        scope, "Migrator", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:migrator-AbCdEf"
    )
    given: dict[str, Any] = {"secrets": {"DATABASE_PASSWORD": ecs.Secret.from_secrets_manager(password, "password")}}
    return AlembicMigrations(imported_database(scope), **(given | settings))


def add_migrating_service(scope: Construct, construct_id: str = "Orders", **settings: Any) -> BlueGreenService:
    """Add a service that migrates the imported database; its plan fits CloudFormation's hour."""
    hooks = settings.pop("hooks", None) or [migrations(scope)]
    return add_service(scope, construct_id, **({"hooks": hooks} | settings))
