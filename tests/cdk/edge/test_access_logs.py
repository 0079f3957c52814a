"""Where load balancers log, and who may write there."""

from pathlib import Path

import aws_cdk as cdk
import pytest

from bluegreen.cdk.edge import AccessLogs
from tests.cdk.edge.support import given_load_balancer, load_balancer
from tests.cdk.support import Synthesized, synthesize


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A load balancer that logs, in a stack that knows neither account nor region."""
    return synthesize(
        tmp_path_factory.mktemp("shop"),
        lambda stack: AccessLogs(stack, "AccessLogs", retention_days=30).record(load_balancer(stack)),
    )


def test_requests_and_connections_are_logged_apart(shop: Synthesized) -> None:
    """Both kinds of log have the bucket, and a prefix of their own."""
    stated = shop.one("AWS::ElasticLoadBalancingV2::LoadBalancer")["Properties"]["LoadBalancerAttributes"]
    values = {one["Key"]: one["Value"] for one in stated}
    (bucket,) = [name for name, one in shop.resources.items() if one["Type"] == "AWS::S3::Bucket"]
    for kind in ("access", "connection"):
        assert values[f"{kind}_logs.s3.enabled"] == "true"
        assert values[f"{kind}_logs.s3.bucket"] == {"Ref": bucket}
        assert values[f"{kind}_logs.s3.prefix"] == kind


def test_only_this_accounts_load_balancers_may_write(shop: Synthesized) -> None:
    """The service that delivers logs may put objects under this account's path, and do nothing else."""
    statements = shop.one("AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    (allowed,) = [one for one in statements if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert allowed["Action"] == "s3:PutObject"
    paths = [part for resource in allowed["Resource"] for part in resource["Fn::Join"][1]]
    assert [part for part in paths if isinstance(part, str)] == [
        "/access/AWSLogs/",
        "/*",
        "/connection/AWSLogs/",
        "/*",
    ]
    assert paths.count({"Ref": "AWS::AccountId"}) == 2


def test_the_load_balancer_waits_until_it_may_write(shop: Synthesized) -> None:
    """Elastic Load Balancing tries at once, and fails the deploy when it may not."""
    (policy,) = [name for name, one in shop.resources.items() if one["Type"] == "AWS::S3::BucketPolicy"]
    assert policy in shop.one("AWS::ElasticLoadBalancingV2::LoadBalancer")["DependsOn"]


def test_the_bucket_is_private_and_forgets(shop: Synthesized) -> None:
    """S3's own key, as load balancers demand; versions, no public access, TLS only; gone after the days asked for."""
    bucket = shop.one("AWS::S3::Bucket")
    properties = bucket["Properties"]
    encryption = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 30
    assert bucket["DeletionPolicy"] == "Retain"
    statements = shop.one("AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [one.get("Condition") for one in statements]


@pytest.mark.parametrize("days", [0, 3651])
def test_refuses_a_retention_out_of_range(days: int) -> None:
    """A log is kept for a day at least and ten years at most."""
    with pytest.raises(ValueError, match=f"retention_days must be 1-3650, got {days}"):
        AccessLogs(cdk.Stack(), "AccessLogs", retention_days=days)


def test_refuses_a_load_balancer_of_somebody_else(tmp_path: Path) -> None:
    """An imported load balancer's attributes are its owner's."""
    with pytest.raises(ValueError, match="load_balancer must be defined in this app, got the imported Shop/Shared"):
        synthesize(tmp_path, lambda stack: AccessLogs(stack, "AccessLogs").record(given_load_balancer(stack)))
