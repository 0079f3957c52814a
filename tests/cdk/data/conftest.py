"""Data in stacks, each synthesized once."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from bluegreen.cdk.data import Database, Engine, EnvironmentKey
from tests.cdk.support import Synthesized, synthesize


def isolated_vpc(scope: Construct, construct_id: str = "Vpc", *, zones: int = 2) -> ec2.IVpc:
    """Return a VPC that somebody else owns: it adds no resources."""
    letters = "abc"[:zones]
    return ec2.Vpc.from_vpc_attributes(
        scope,
        construct_id,
        vpc_id="vpc-0123456789abcdef0",
        availability_zones=[f"eu-west-1{letter}" for letter in letters],
        isolated_subnet_ids=[f"subnet-{letter * 17}" for letter in letters],
        isolated_subnet_route_table_ids=[f"rtb-{letter * 17}" for letter in letters],
    )


def add_database(scope: Construct, construct_id: str = "Database", **settings: Any) -> Database:
    """Add a database with what it must have."""
    given = {"name": "shop", "identifier": "shop-prod"} | settings
    if "vpc" not in given:
        given["vpc"] = scope.node.try_find_child("Vpc") or isolated_vpc(scope)
    return Database(scope, construct_id, **given)


@pytest.fixture
def stack() -> cdk.Stack:
    """A stack for what is refused before anything is synthesized; it knows its region."""
    return cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(region="eu-west-1"))


@pytest.fixture(scope="session")
def in_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[cdk.Stack], object]], Synthesized]:
    """Synthesizes what a function defines, into a folder of its own."""

    def run(define: Callable[[cdk.Stack], object]) -> Synthesized:
        return synthesize(tmp_path_factory.mktemp("data"), define)

    return run


@pytest.fixture(scope="session")
def defaults(in_folder: Callable[[Callable[[cdk.Stack], object]], Synthesized]) -> Synthesized:
    """A database with a key and nothing else said."""
    return in_folder(lambda stack: add_database(stack, key=EnvironmentKey(stack, "Key").key))


@pytest.fixture(scope="session")
def aurora(in_folder: Callable[[Callable[[cdk.Stack], object]], Synthesized]) -> Synthesized:
    """A database on Aurora."""
    return in_folder(lambda stack: add_database(stack, engine=Engine.aurora_serverless(0.5, 8)))
