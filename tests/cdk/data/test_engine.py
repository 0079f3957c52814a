"""Sizes of databases: what RDS offers, what follows from it, and what is refused."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bluegreen.cdk.data import Engine, cache
from bluegreen.cdk.data.instance_classes import MEMORY_GIB

WITHDRAWN = {"t1", "t2", "m1", "m2", "m3", "m4", "r3", "r4"}


def offered(file: str) -> list[dict[str, Any]]:
    """Return what AWS offers in each region, as cfn-lint ships it."""
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    path = Path(str(spec.origin)).parent / "data" / "schemas" / "extensions" / file
    return [region for region in json.loads(path.read_text()).values() if isinstance(region, dict)]


def test_the_classes_are_those_that_aws_offers_for_postgresql() -> None:
    """The table names every class that any region offers for PostgreSQL, without the withdrawn generations."""
    regions = offered("aws_rds_dbinstance/dbinstanceclass_enum.json")
    classes = {
        name.removeprefix("db.")
        for region in regions
        for rule in region["allOf"]
        if rule["if"]["properties"]["Engine"].get("const") == "postgres"
        for name in rule["then"]["properties"]["DBInstanceClass"]["enum"]
    }
    assert set(MEMORY_GIB) == {name for name in classes if name.partition(".")[0] not in WITHDRAWN}


def test_the_nodes_are_among_those_that_elasticache_offers() -> None:
    """Every node type that a cache may have is one that ElastiCache has in some region."""
    regions = offered("aws_elasticache_cachecluster/cachenodetype_enum.json")
    types = {name for region in regions for name in region["enum"]}
    assert {f"cache.{family}.{size}" for family, sizes in cache.SIZES.items() for size in sizes} <= types


@pytest.mark.parametrize(
    ("instance", "gib"),
    [
        ("t3.micro", 1),
        ("t4g.medium", 4),
        ("t4g.2xlarge", 32),
        ("m7g.large", 8),
        ("m6i.32xlarge", 512),
        ("r8g.large", 16),
        ("r6g.16xlarge", 512),
        ("x2g.large", 32),
        ("x2idn.16xlarge", 1024),
        ("x2iedn.xlarge", 128),
    ],
)
def test_memory_of_a_class(instance: str, gib: int) -> None:
    """A class has the memory that AWS's table of hardware specifications gives it."""
    assert Engine.postgres(instance).memory_gib == gib


@pytest.mark.parametrize(
    ("engine", "connections"),
    [
        (Engine.postgres("t3.micro"), 80),
        (Engine.postgres("t3.medium"), 320),
        (Engine.postgres("r8g.48xlarge"), 5000),
        (Engine.aurora_serverless(0.5, 8), 1280),
        (Engine.aurora_serverless(0.5, 64), 2000),
        (Engine.aurora_serverless(1, 64), 5000),
    ],
)
def test_connections_follow_from_memory(engine: Engine, connections: int) -> None:
    """80 connections for each GiB, within what RDS and a small Aurora cluster accept at most."""
    assert engine.max_connections == connections


def test_storage_may_double() -> None:
    """A volume may grow to twice its size when nothing else is said, but not beyond what RDS has."""
    assert Engine.postgres(storage_gib=100).max_storage_gib == 200
    assert Engine.postgres(storage_gib=65536).max_storage_gib == 65536


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Engine.postgres("t9.small"), "instance must be a class that RDS offers .* got 't9.small'; its family"),
        (lambda: Engine.postgres("t4g.8xlarge"), "instance must be .* got 't4g.8xlarge'; t4g has micro, small, medium"),
        (lambda: Engine.postgres("db.t4g.small"), 'instance must be a class without "db."'),
        (lambda: Engine.postgres(storage_gib=19), "storage_gib must be 20-65536, got 19"),
        (lambda: Engine.postgres(storage_gib=65537), "storage_gib must be 20-65536, got 65537"),
        (lambda: Engine.postgres(storage_gib=100, max_storage_gib=109), "max_storage_gib must be 110-65536, got 109"),
        (lambda: Engine.postgres(storage_gib=100, max_storage_gib=70000), "max_storage_gib must be 110-65536"),
        (lambda: Engine.postgres(version=13), "version must be 14-18, got 13"),
        (lambda: Engine.aurora_serverless(0, 0.5), "max_acu must be 1-256 .* got 0.5"),
        (lambda: Engine.aurora_serverless(-0.5, 2), "min_acu must be 0-256 .* got -0.5"),
        (lambda: Engine.aurora_serverless(0.25, 2), "min_acu must be 0-256 .* in steps of 0.5, got 0.25"),
        (lambda: Engine.aurora_serverless(4, 2), "max_acu must be 4-256 .* got 2"),
        (lambda: Engine.aurora_serverless(4, 256.5), "max_acu must be 4-256 .* got 256.5"),
        (lambda: Engine.aurora_serverless(1, 2, version=15), "version must be 16-18, got 15"),
    ],
)
def test_refuses_sizes_that_aws_does_not_have(make: Callable[[], Engine], message: str) -> None:
    """A size that RDS or Aurora would refuse in the middle of a deployment is refused at synth."""
    with pytest.raises(ValueError, match=f"^{message}"):
        make()
