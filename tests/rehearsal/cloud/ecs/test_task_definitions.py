from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.ecs.task_definitions import units
from tests.rehearsal.cloud.ecs.world import World

CONTAINER = {"name": "web", "image": "web:v1"}
VALID = {
    "family": "web",
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "containerDefinitions": [CONTAINER],
}


def test_revisions_count_up_and_a_family_means_its_latest_active_one(world: World) -> None:
    """A number is never used twice, and a family without a number skips what was deregistered."""
    first, second = world.register(), world.register()
    assert (first[-5:], second[-5:]) == ("web:1", "web:2")
    gone = world.call("DeregisterTaskDefinition", taskDefinition="web:2")["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert world.call("DescribeTaskDefinition", taskDefinition="web")["taskDefinition"]["revision"] == 1
    assert world.call("DescribeTaskDefinition", taskDefinition=second)["taskDefinition"]["status"] == "INACTIVE"
    third = world.register()
    assert third[-5:] == "web:3"
    assert world.call("ListTaskDefinitions", familyPrefix="web", sort="DESC")["taskDefinitionArns"] == [third, first]
    assert world.call("ListTaskDefinitions", status="INACTIVE")["taskDefinitionArns"] == [second]


def test_a_family_of_which_all_is_deregistered_is_inactive(world: World) -> None:
    """Such a family is listed only among the INACTIVE ones, and its name finds no revision."""
    world.register()
    world.register(family="other")
    world.call("DeregisterTaskDefinition", taskDefinition="web:1")
    assert world.call("ListTaskDefinitionFamilies")["families"] == ["other"]
    assert world.call("ListTaskDefinitionFamilies", status="INACTIVE")["families"] == ["web"]
    assert world.call("ListTaskDefinitionFamilies", status="ALL", familyPrefix="w")["families"] == ["web"]
    with pytest.raises(ApiError, match="Unable to describe task definition"):
        world.call("DescribeTaskDefinition", taskDefinition="web")


@pytest.mark.parametrize("reference", ["web", "web:9"])
def test_only_a_revision_that_exists_can_be_deregistered(world: World, reference: str) -> None:
    """A family alone, or a number that was never given, is refused."""
    world.register()
    with pytest.raises(ApiError) as refused:
        world.call("DeregisterTaskDefinition", taskDefinition=reference)
    assert refused.value.code == "ClientException"


def test_tags_are_kept_beside_the_revision(world: World) -> None:
    """Tags given at registration are described, added to and removed by ARN."""
    made = world.call("RegisterTaskDefinition", **VALID, tags=[{"key": "version", "value": "v1"}])
    arn = made["taskDefinition"]["taskDefinitionArn"]
    assert made["tags"] == [{"key": "version", "value": "v1"}]
    world.call("TagResource", resourceArn=arn, tags=[{"key": "team", "value": "shop"}])
    world.call("UntagResource", resourceArn=arn, tagKeys=["version"])
    assert world.call("DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])["tags"] == [
        {"key": "team", "value": "shop"}
    ]
    assert world.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "team", "value": "shop"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"family": "we b"}, "Family contains invalid characters"),
        ({"networkMode": "bridge"}, "network mode 'awsvpc'"),
        ({"cpu": None}, "'cpu' and 'memory' be defined"),
        ({"memory": "700"}, "No Fargate configuration exists for given values: 256 CPU, 700 memory"),
        ({"cpu": "300"}, "No Fargate configuration exists"),
        ({"cpu": "much"}, "Invalid setting for 'cpu' or 'memory': much"),
        ({"containerDefinitions": []}, "cannot be empty"),
        ({"containerDefinitions": [CONTAINER, CONTAINER]}, "unique"),
        ({"containerDefinitions": [CONTAINER | {"essential": False}]}, "must be essential"),
        (
            {
                "executionRoleArn": None,
                "containerDefinitions": [CONTAINER | {"secrets": [{"name": "A", "valueFrom": "a"}]}],
            },
            "also specify a value for 'executionRoleArn'",
        ),
        (
            {
                "executionRoleArn": None,
                "containerDefinitions": [CONTAINER | {"logConfiguration": {"logDriver": "awslogs"}}],
            },
            "execution role ARN to support log driver awslogs",
        ),
    ],
)
def test_what_fargate_cannot_run_is_refused(world: World, change: dict[str, Any], words: str) -> None:
    """The refusal is ECS's, and no revision number is spent on it."""
    request = {key: value for key, value in (VALID | change).items() if value is not None}
    with pytest.raises(ApiError, match=words) as refused:
        world.call("RegisterTaskDefinition", **request)
    assert refused.value.code == "ClientException"
    assert world.call("ListTaskDefinitions")["taskDefinitionArns"] == []


@pytest.mark.parametrize(
    ("text", "number"), [("256", 256), (".25 vCPU", 256), ("1vcpu", 1024), ("0.5 GB", 512), ("2GB", 2048)]
)
def test_cpu_and_memory_may_carry_their_unit(text: str, number: int) -> None:
    """CPU in vCPU and memory in GB mean the same as plain units and MiB."""
    assert units(text) == number


def test_clusters_live_and_die(world: World) -> None:
    """A cluster keeps settings and capacity providers, is created once, and is MISSING when it was deleted."""
    settings = [{"name": "containerInsights", "value": "enhanced"}]
    arn = world.call("CreateCluster", clusterName="prod", settings=settings)["cluster"]["clusterArn"]
    assert world.call("CreateCluster", clusterName="prod")["cluster"]["settings"] == settings
    associated = world.call(
        "PutClusterCapacityProviders",
        cluster=arn,
        capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
    )
    assert associated["cluster"]["capacityProviders"] == ["FARGATE"]
    with pytest.raises(ApiError, match="'EC2' was not found"):
        world.call(
            "PutClusterCapacityProviders",
            cluster="prod",
            capacityProviders=["EC2"],
            defaultCapacityProviderStrategy=[],
        )
    assert world.call("UpdateCluster", cluster="prod", settings=[])["cluster"]["settings"] == []
    assert world.call("ListClusters")["clusterArns"] == [arn]
    assert world.call("DeleteCluster", cluster="prod")["cluster"]["status"] == "INACTIVE"
    assert world.call("DescribeClusters", clusters=["prod"])["failures"] == [{"arn": arn, "reason": "MISSING"}]
    with pytest.raises(ApiError, match="Cluster not found"):
        world.call("ListServices", cluster="prod")
