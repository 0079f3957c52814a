"""Heartbeats and journeys as templates: what AWS is asked to run, what it may do, and what is refused."""

import json
import zipfile
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.cdk import HttpCheck, SecretHeader
from bluegreen.cdk.journeys import CanarySettings, Heartbeat, InVpc, Journey, JourneyArtifacts, JourneyStep
from bluegreen.cdk.watching import Severity
from bluegreen.release.checks import SecretReference
from tests.cdk.support import PRIVATE_SUBNETS, Synthesized, imported_vpc

URL = "https://orders.example.com"
PLACE = JourneyStep(name="place", check=HttpCheck("/orders", method="POST", status=201), capture={"order": "id"})
READ = JourneyStep(name="read", check=HttpCheck("/orders/${order}", json={"id": "${order}"}))


@pytest.fixture(scope="module")
def shop() -> Synthesized:
    """A heartbeat with what it is by default, and a journey with every option."""
    stack = cdk.Stack(cdk.App(), "Shop")
    vpc = imported_vpc(stack)
    key = kms.Key(stack, "Key")
    secret = secretsmanager.Secret(stack, "ApiKey", encryption_key=key)
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc)
    settings = CanarySettings(
        every_minutes=1,
        slow_seconds=3,
        severity=Severity.WARNING,
        artifacts=JourneyArtifacts(stack, "Artifacts", key=key, retention_days=7).bucket,
        key=key,
        in_vpc=InVpc(vpc=vpc, security_group=group),
        runbooks="https://wiki.example.com/runbooks",
    )
    with_secret = JourneyStep(name="ask", check=HttpCheck("/", headers={"X-Key": SecretHeader(secret)}))
    elsewhere = SecretReference("arn:aws:secretsmanager:eu-west-1:111122223333:secret:other")
    with_other = JourneyStep(name="ask more", check=HttpCheck("/more", headers={"X-Key": elsewhere}))
    Heartbeat(stack, "Alive", url=URL)
    Journey(stack, "Buys", url=URL, steps=[PLACE, READ, with_secret, with_other], name="shop-buys", settings=settings)
    return Synthesized(stack.node.root.synth().get_stack_by_name("Shop").template)  # type: ignore[attr-defined] # the app


def canary(shop: Synthesized, name: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.one("AWS::Synthetics::Canary", Name=name)["Properties"]
    return found


def test_a_heartbeat_runs_every_five_minutes_by_default(shop: Synthesized) -> None:
    """A heartbeat asks GET / every 5 minutes, on the newest Python runtime, and starts when it is made."""
    found = canary(shop, "shop-alive")
    assert found["Schedule"] == {"Expression": "rate(5 minutes)"}
    assert found["RuntimeVersion"] == "syn-python-selenium-14.0"
    assert found["StartCanaryAfterCreation"] is True
    variables = found["RunConfig"]["EnvironmentVariables"]
    assert variables["BLUEGREEN_URL"] == URL
    (step,) = json.loads(variables["BLUEGREEN_JOURNEY"])
    assert step == {"name": "heartbeat", "check": {"path": "/"}}


def test_a_run_has_the_time_that_its_steps_may_take(shop: Synthesized) -> None:
    """The time limit is the steps' timeouts and what the runtime takes, so that a hung service is told as such."""
    assert canary(shop, "shop-alive")["RunConfig"]["TimeoutInSeconds"] == 25
    assert canary(shop, "shop-buys")["RunConfig"]["TimeoutInSeconds"] == 40


def test_what_a_canary_makes_goes_with_it_but_for_its_results(shop: Synthesized) -> None:
    """The function goes when the canary does; the bucket stays, since it cannot be deleted with anything in it."""
    assert canary(shop, "shop-buys")["ProvisionedResourceCleanup"] == "AUTOMATIC"
    for bucket in shop.of_type("AWS::S3::Bucket"):
        assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_results_are_private_encrypted_and_forgotten(shop: Synthesized) -> None:
    """Both buckets block the public, refuse plain HTTP, encrypt, and delete what is older than asked."""
    buckets = [bucket["Properties"] for bucket in shop.of_type("AWS::S3::Bucket")]
    days = {rule["ExpirationInDays"] for bucket in buckets for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert days == {7, 30}
    encrypted = [
        bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
        for bucket in buckets
    ]
    assert sorted(one["SSEAlgorithm"] for one in encrypted) == ["AES256", "aws:kms"]
    assert all(all(bucket["PublicAccessBlockConfiguration"].values()) for bucket in buckets)
    denied = [
        statement
        for policy in shop.of_type("AWS::S3::BucketPolicy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert len(denied) == 2


def test_the_log_is_the_canarys_own_and_is_forgotten(shop: Synthesized) -> None:
    """The log group is the one that AWS names after the canary and its id, with a retention; the role makes none."""
    groups = [group["Properties"] for group in shop.of_type("AWS::Logs::LogGroup")]
    names = sorted(json.dumps(group["LogGroupName"]) for group in groups)
    assert all("/aws/lambda/cwsyn-shop-" in name and '"Id"]' in name for name in names)
    assert {group["RetentionInDays"] for group in groups} == {30}
    actions = {action for statement in shop.statements("") for action in as_list(statement["Action"])}
    assert "logs:CreateLogGroup" not in actions


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_role_reaches_only_what_a_run_needs(shop: Synthesized) -> None:
    """Outside a VPC only listing buckets and publishing metrics, to two namespaces, go without a resource."""
    statements = shop.statements("AliveRole")
    wide = [statement for statement in statements if "*" in as_list(statement["Resource"])]
    assert [statement["Action"] for statement in wide] == ["s3:ListAllMyBuckets", "cloudwatch:PutMetricData"]
    namespaces = wide[1]["Condition"]["StringEquals"]["cloudwatch:namespace"]
    assert namespaces == ["CloudWatchSynthetics", "BlueGreen/Journeys"]
    assert all("*" not in action for statement in statements for action in as_list(statement["Action"]))


def test_secrets_are_read_at_run_time_by_their_arn(shop: Synthesized) -> None:
    """The canary's variables hold a secret's ARN, and its role may read that secret and no other."""
    steps = json.dumps(canary(shop, "shop-buys")["RunConfig"]["EnvironmentVariables"]["BLUEGREEN_JOURNEY"])
    assert "secret_arn" in steps
    readable = [
        resource
        for statement in shop.statements("BuysRole")
        if "secretsmanager:GetSecretValue" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]
    assert len(readable) == 2
    assert "arn:aws:secretsmanager:eu-west-1:111122223333:secret:other" in readable
    assert not [one for one in shop.statements("AliveRole") if "secretsmanager" in json.dumps(one)]


def test_only_what_is_asked_to_runs_in_a_vpc(shop: Synthesized) -> None:
    """A canary runs in the private subnets of the VPC that it is given, and in none by default."""
    assert canary(shop, "shop-buys")["VPCConfig"]["SubnetIds"] == PRIVATE_SUBNETS
    assert "VPCConfig" not in canary(shop, "shop-alive")


def test_alerts_wait_for_a_second_failure_and_lead_to_a_runbook(shop: Synthesized) -> None:
    """Below 90 % of runs in 2 of 3 periods is an alert as urgent as asked; slow runs are a warning."""
    alarms = {alarm["Properties"]["AlarmName"]: alarm["Properties"] for alarm in shop.of_type("AWS::CloudWatch::Alarm")}
    failing, slow = alarms["Shop-Alive-Failing"], alarms["Shop-Alive-Slow"]
    assert (failing["Threshold"], failing["DatapointsToAlarm"], failing["EvaluationPeriods"]) == (90, 2, 3)
    assert (failing["ComparisonOperator"], failing["Period"]) == ("LessThanThreshold", 300)
    assert (slow["Threshold"], slow["MetricName"]) == (10000, "Duration")
    assert "Severity: critical. Runbook: docs/runbooks.md#journey-failing" in failing["AlarmDescription"]
    own = alarms["Shop-Buys-Failing"]
    assert own["Period"] == 60
    assert "Severity: warning. Runbook: https://wiki.example.com/runbooks#journey-failing" in own["AlarmDescription"]


def test_a_new_canary_wakes_nobody(shop: Synthesized) -> None:
    """A period without a run is no failure: a canary that was just made has none yet."""
    missing = {alarm["Properties"]["TreatMissingData"] for alarm in shop.of_type("AWS::CloudWatch::Alarm")}
    assert missing == {"missing", "notBreaching"}


def test_the_code_lies_where_synthetics_looks_for_python(tmp_path: Any) -> None:
    """The zip holds the handler, what it imports and the domain in `python`, the folder of a layer that is searched."""
    app = cdk.App(outdir=str(tmp_path))
    Heartbeat(cdk.Stack(app, "Shop"), "Alive", url=URL)
    app.synth()
    (code,) = tmp_path.glob("asset.*.zip")
    with zipfile.ZipFile(code) as archive:
        files = set(archive.namelist())
    names = (
        "journey_handler",
        "journey_run",
        "http_probe",
        "secret_values",
        "aws_clients",
        "bluegreen/release/journey",
    )
    assert {f"python/{name}.py" for name in names} <= files


def slow_steps() -> list[JourneyStep]:
    return [JourneyStep(name=f"step {number}", check=HttpCheck("/", timeout_seconds=60)) for number in range(5)]


def long_steps() -> list[JourneyStep]:
    return [JourneyStep(name="long", check=HttpCheck("/", method="POST", body="x" * 2600))]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: {"url": "ftp://orders"}, r"url must be http\(s\)://host\[:port\], got 'ftp://orders'; paths belong"),
        (lambda: {"url": f"{URL}/orders"}, r"url must be http\(s\)://host\[:port\], got .*; paths belong to the steps"),
        (lambda: {"url": "https://me:secret@orders"}, r"url must be http\(s\)://host\[:port\]"),
        (lambda: {"steps": []}, "steps must be 1-20, got 0"),
        (lambda: {"steps": [PLACE, PLACE]}, "steps must have names of their own, got 'place' twice"),
        (lambda: {"steps": [READ]}, "step 'read' needs order, which no earlier step captures; name it in an earlier"),
        (lambda: {"steps": slow_steps()}, "steps must take at most 280 s in all, .* got 300 s .*; lower timeout_secon"),
        (lambda: {"steps": long_steps()}, "steps must be at most 2500 characters as JSON, got 26"),
        (
            lambda: {"steps": [JourneyStep(name="a", check=HttpCheck("/"), capture={"x": "[["})]},
            "json and capture of 'a' must be JMESPath expressions, got '\\[\\['",
        ),
        (lambda: {"name": "Orders"}, "name must be 1-21 lower-case letters, .* got 'Orders'"),
        (lambda: {"name": "a" * 22}, "name must be 1-21 lower-case letters, .* nobody could tell the name of its log"),
    ],
)
def test_refuses_journeys_that_cannot_be_made(make: Callable[[], dict[str, Any]], message: str) -> None:
    """A wrong URL, steps that need what nothing captures or take too long, and a wrong name are refused at synth."""
    given = {"url": URL, "steps": [PLACE]} | make()
    with pytest.raises(ValueError, match=f"^{message}"):
        Journey(cdk.Stack(cdk.App(), "Shop"), "Buys", **given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"every_minutes": 0}, "every_minutes must be 1-60, got 0"),
        ({"every_minutes": 61}, "every_minutes must be 1-60, got 61"),
        ({"every_minutes": True}, "every_minutes must be 1-60, got True"),
        ({"slow_seconds": 0}, "slow_seconds must be above 0 and at most 300, .* got 0"),
        ({"every_minutes": 1, "slow_seconds": 61}, "slow_seconds must be above 0 and at most 60, .* got 61"),
        ({"runtime": "syn-nodejs-3.1"}, 'runtime must be one for Python, such as "syn-python-.*", got .syn-nodejs-3.1'),
    ],
)
def test_refuses_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    """Schedules and limits that Synthetics would refuse, and a runtime that cannot run Python, are refused."""
    with pytest.raises(ValueError, match=f"^{message}"):
        CanarySettings(**settings)


def test_refuses_to_keep_results_for_no_time() -> None:
    """Results are kept 1-3650 days."""
    with pytest.raises(ValueError, match=r"^retention_days must be 1-3650, got 0"):
        JourneyArtifacts(cdk.Stack(cdk.App(), "Shop"), "Artifacts", retention_days=0)
