"""Services whose network, cluster, load balancer and listeners belong to other stacks: nobody waits in a circle."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_sns as sns

from bluegreen.cdk import HealthCheck, HttpCheck, Rollout, SmokeTests
from tests.cdk.support import Synthesized, add_service, given_listeners, imported_cluster, imported_load_balancer

Place = Callable[..., None]


def owned(stack: cdk.Stack) -> dict[str, Any]:
    """Return a cluster with its network and a load balancer, all defined in a stack."""
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    group = ec2.SecurityGroup(stack, "Balancer", vpc=vpc, allow_all_outbound=False)
    balancer = elbv2.ApplicationLoadBalancer(stack, "Shared", vpc=vpc, security_group=group, internet_facing=True)
    return {"cluster": ecs.Cluster(stack, "Cluster", vpc=vpc), "load_balancer": balancer}


def everything(stack: cdk.Stack) -> dict[str, Any]:
    """Return arguments that bring in every further part."""
    arn = "arn:aws:acm:eu-west-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
    return {
        "certificate": acm.Certificate.from_certificate_arn(stack, "Certificate", arn),
        "domain_name": "orders.example.com",
        "hooks": [SmokeTests(HttpCheck("/"))],
        "notifications": sns.Topic(stack, "Topic"),
        "rollout": Rollout.canary(20, 10, approval_wait_minutes=60),
    }


def one_stack(app: cdk.App, **changed: Any) -> None:
    """Define everything in one stack."""
    stack = cdk.Stack(app, "Shop")
    add_service(stack, **owned(stack), **everything(stack), **changed)


def nested_in_the_owner(app: cdk.App, **changed: Any) -> None:
    """Define the service in a stack that is nested in the owner's."""
    stack = cdk.Stack(app, "Shop")
    add_service(cdk.NestedStack(stack, "Inner"), **owned(stack), **everything(stack), **changed)


def beside_the_owner_nested(app: cdk.App, **changed: Any) -> None:
    """Define the service and what it uses in two stacks nested in one."""
    stack = cdk.Stack(app, "Shop")
    base, inner = cdk.NestedStack(stack, "Base"), cdk.NestedStack(stack, "Inner")
    add_service(inner, **owned(base), **everything(inner), **changed)


def two_stacks(app: cdk.App, **changed: Any) -> None:
    """Define the service in a stack beside the owner's."""
    base, stack = cdk.Stack(app, "Base"), cdk.Stack(app, "Shop")
    add_service(stack, **owned(base), **everything(stack), **changed)


def two_stacks_of_a_stage(app: cdk.App, **changed: Any) -> None:
    """Define the same in a stage."""
    stage = cdk.Stage(app, "Production")
    base, stack = cdk.Stack(stage, "Base"), cdk.Stack(stage, "Shop")
    add_service(stack, **owned(base), **everything(stack), **changed)


def two_services_on_one_load_balancer(app: cdk.App, **changed: Any) -> None:
    """Define two services in nested stacks, on one load balancer of the stack around them."""
    stack = cdk.Stack(app, "Shop")
    shared, further = owned(stack), everything(stack)
    for number, name in enumerate(("Orders", "Carts")):
        ports = {"production_port": 8001 + number, "test_port": 9001 + number}
        add_service(cdk.NestedStack(stack, f"{name}Stack"), name, **shared, **further, **ports, **changed)


def own_load_balancer_in_a_cluster_of_another_stack(app: cdk.App, **changed: Any) -> None:
    """Define the service with a load balancer of its own, in a nested stack, in the cluster of the stack around it."""
    stack = cdk.Stack(app, "Shop")
    add_service(cdk.NestedStack(stack, "Inner"), cluster=owned(stack)["cluster"], **everything(stack), **changed)


def listeners_from_elsewhere(app: cdk.App, **changed: Any) -> None:
    """Define a nested service on listeners that no stack of the app owns."""
    stack = cdk.Stack(app, "Shop")
    inner = cdk.NestedStack(stack, "Inner")
    given = given_listeners(inner) | {"load_balancer": imported_load_balancer(inner)}
    add_service(inner, cluster=imported_cluster(inner), **given, **everything(stack), **changed)


PLACES: dict[str, Place] = {
    function.__name__: function
    for function in (
        one_stack,
        nested_in_the_owner,
        beside_the_owner_nested,
        two_stacks,
        two_stacks_of_a_stage,
        two_services_on_one_load_balancer,
        own_load_balancer_in_a_cluster_of_another_stack,
        listeners_from_elsewhere,
    )
}


@pytest.mark.parametrize("place", PLACES)
def test_nothing_waits_in_a_circle(place: str, tmp_path: Path) -> None:
    """Wherever a service is and whoever owns its parts, there is an order in which each template can be created."""
    found = templates(tmp_path, PLACES[place])
    assert sum(len(one.of_type("Custom::DeployedState")) for one in found) == (2 if "two_services" in place else 1)
    for template in found:
        assert not circle(template)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_frozen_stays_so_everywhere(place: str, tmp_path: Path) -> None:
    """Wherever a service is, a change of its network, port, health check and times reaches nothing that is frozen."""
    changed = {
        "version": "v2",
        "container_port": 9090,
        "subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        "assign_public_ip": True,
        "health_check": HealthCheck(path="/ready"),
        "deregistration_seconds": 1,
        "grace_seconds": 5,
    }
    before = templates(tmp_path / "before", PLACES[place])
    after = templates(tmp_path / "after", partial(PLACES[place], **changed))
    assert [frozen(one) for one in after] == [frozen(one) for one in before]
    assert sum(len(frozen(one)) for one in before) == (6 if "two_services" in place else 3)
    releases = [[template.of_type("Custom::Release") for template in side] for side in (before, after)]
    assert releases[0] != releases[1]


def templates(folder: Path, define: Place) -> list[Synthesized]:
    """Return the templates of an app, nested ones included."""
    app = cdk.App(outdir=str(folder))
    define(app)
    app.synth()
    return [Synthesized(json.loads(path.read_text())) for path in sorted(folder.rglob("*.template.json"))]


def frozen(template: Synthesized) -> dict[str, Any]:
    """Return the properties of each service and target group."""
    types = ("AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::TargetGroup")
    return {name: one["Properties"] for name, one in template.resources.items() if one["Type"] in types}


def circle(template: Synthesized) -> list[str]:
    """Return the resources that wait for each other; none when there is an order in which all can be made."""
    waiting = {name: set(references(one)) & set(template.resources) for name, one in template.resources.items()}
    while ready := {name for name, others in waiting.items() if not others}:
        waiting = {name: others - ready for name, others in waiting.items() if name not in ready}
    return sorted(waiting)


def references(value: Any) -> list[str]:
    """Return the logical ids that a part of a template waits for."""
    match value:
        case {"Ref": str(name)}:
            return [name]
        case {"Fn::GetAtt": [str(name), _]}:
            return [name]
        case {"Fn::GetAtt": str(name)}:
            return [name.split(".")[0]]
        case dict():
            after = [value["DependsOn"]] if isinstance(value.get("DependsOn"), str) else value.get("DependsOn", [])
            return [*after, *(name for item in value.values() for name in references(item))]
        case list():
            return [name for item in value for name in references(item)]
    return []
