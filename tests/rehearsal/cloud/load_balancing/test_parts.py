"""The parts that decide, each on its own."""

import doctest
import re
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud import haproxy_config
from bluegreen.rehearsal.cloud.certificates import Authority, CertificateType
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.data_plane import Change, difference
from bluegreen.rehearsal.cloud.haproxy_config import files, maps
from bluegreen.rehearsal.cloud.load_balancing import access_log, faults, health, topology
from bluegreen.rehearsal.cloud.load_balancing.health import PASSED, Finding, judge
from bluegreen.rehearsal.cloud.load_balancing.records import State, Target
from bluegreen.rehearsal.cloud.metrics import MetricName, MetricStore
from bluegreen.rehearsal.cloud.traffic import Backend, Configuration, Effect, Forward, Frontend, Redirect, Route, Server


@pytest.mark.parametrize("module", [haproxy_config, access_log, health, topology])
def test_examples_in_docstrings_are_true(module: Any) -> None:
    """What a docstring shows is what the code does."""
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


# --- weights --------------------------------------------------------------------------------------------------------


def frontend(*weights: tuple[str, int]) -> Frontend:
    return Frontend("f", "127.78.0.1", 8080, 8080, (Route(7, Forward(weights)),))


@given(st.lists(st.integers(0, 999), min_size=1, max_size=5))
def test_every_chance_leads_to_one_backend_by_its_weight(weights: list[int]) -> None:
    """A route's million numbers are divided without gap or overlap, each share within one millionth of its weight."""
    entries = maps(Configuration((frontend(*((f"b{i}", w) for i, w in enumerate(weights))),)))["weights.map"]
    reached = 7_000_000
    for key, backend in entries:
        first, last = (int(edge) for edge in key.split(":"))
        assert first == reached
        wanted = weights[int(backend[1:])] * 1_000_000 / sum(weights)
        assert abs((last - first + 1) - wanted) <= 1
        reached = last + 1
    assert reached == (8_000_000 if sum(weights) else 7_000_000)


# --- what needs a reload --------------------------------------------------------------------------------------------

GROUPS = (Backend("blue", servers=(Server("127.76.0.1", 1, enabled=True),)), Backend("green"))
BEFORE = Configuration((frontend(("blue", 1), ("green", 0)),), GROUPS)
KNOWN = {("blue", "127.76.0.1:1")}


def with_blue(*servers: Server) -> Configuration:
    return Configuration(BEFORE.frontends, (Backend("blue", servers=servers), GROUPS[1]))


@pytest.mark.parametrize(
    ("after", "change"),
    [
        (BEFORE, Change(reload=False)),
        (Configuration((frontend(("blue", 0), ("green", 1)),), GROUPS), Change(reload=False, maps=("weights.map",))),
        (
            Configuration(BEFORE.frontends, GROUPS, {("f", "127.76.0.1:1"): Effect(error_share=0.5)}),
            Change(reload=False, maps=("errors.map",)),
        ),
        (
            Configuration(BEFORE.frontends, GROUPS, {("f", "127.76.0.1:1"): Effect(delay_milliseconds=5)}),
            Change(reload=False, maps=("delays.map",)),
        ),
        (
            with_blue(Server("127.76.0.1", 1, enabled=False)),
            Change(reload=False, servers=("set server blue/127.76.0.1:1 state maint",)),
        ),
        (with_blue(), Change(reload=False, servers=("set server blue/127.76.0.1:1 state maint",))),
        (
            with_blue(Server("127.76.0.1", 1, enabled=True), Server("127.76.0.2", 1, enabled=False)),
            Change(reload=False, servers=("add server blue/127.76.0.2:1 127.76.0.2:1",)),
        ),
        (
            with_blue(Server("127.76.0.1", 1, enabled=True), Server("127.76.0.2", 1, enabled=True)),
            Change(
                reload=False,
                servers=(
                    "add server blue/127.76.0.2:1 127.76.0.2:1",
                    "set server blue/127.76.0.2:1 state ready",
                ),
            ),
        ),
        (Configuration(BEFORE.frontends, GROUPS[:1]), Change(reload=True)),
        (Configuration(BEFORE.frontends, (Backend("blue", algorithm="random"), GROUPS[1])), Change(reload=True)),
        (Configuration((), GROUPS), Change(reload=True)),
        (
            Configuration((Frontend("f", "127.78.0.1", 8080, 8080, (Route(7, Redirect("https", None, "443", 301)),)),)),
            Change(reload=True),
        ),
    ],
)
def test_only_structure_needs_a_reload(after: Configuration, change: Change) -> None:
    """Weights, targets and faults change by commands; listeners, routes and groups by a reload."""
    assert difference(BEFORE, after, KNOWN) == change


def test_a_server_that_haproxy_knows_is_not_added_twice() -> None:
    """A target that left and comes back is put in service again, not declared again."""
    gone = with_blue()
    assert difference(gone, BEFORE, KNOWN).servers == ("set server blue/127.76.0.1:1 state ready",)


def test_targets_of_an_https_group_are_spoken_to_over_tls() -> None:
    """A server is declared with TLS, in the file and at run time alike."""
    group = Backend("blue", tls=True, servers=(Server("127.76.0.1", 1, enabled=False),))
    empty = Configuration(backends=(Backend("blue", tls=True),))
    wanted = "127.76.0.1:1 127.76.0.1:1 ssl verify none"
    assert difference(empty, Configuration(backends=(group,)), set()).servers == (f"add server blue/{wanted}",)
    assert f"server {wanted} disabled" in files(Configuration(backends=(group,)))["haproxy.cfg"]


@given(st.text("abcXYZ019_-.$/~\"'@:+&*?# %\\{}", max_size=30), st.text("abc/.'\"*? ", max_size=20))
def test_wildcards_match_what_aws_matches(pattern: str, text: str) -> None:
    """A pattern matches itself; `*` stands for anything and `?` for one character; nothing can leave its quotes."""
    made = topology.wildcards(pattern)
    assert not set(made[1:-1]) & set("'\" #{}%$")
    assert re.fullmatch(made, pattern.replace("*", text).replace("?", "x"))
    assert "*" in pattern or not re.fullmatch(made, pattern.replace("?", "x") + "z")


@pytest.mark.parametrize(
    ("policy", "minimum"),
    [
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", "TLSv1.3"),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "TLSv1.2"),
        ("ELBSecurityPolicy-2016-08", "TLSv1.2"),
        ("", "TLSv1.2"),
    ],
)
def test_a_security_policy_sets_the_oldest_protocol(policy: str, minimum: str) -> None:
    """The strictest policies allow TLS 1.3 alone; nothing older than 1.2 is ever offered."""
    assert topology.minimum_tls(policy) == minimum


# --- health ---------------------------------------------------------------------------------------------------------

FAILED = Finding(passed=False, reason="Target.Timeout", description="Request timed out")


@pytest.mark.parametrize(
    ("start", "findings", "states"),
    [
        (State.INITIAL, [True], ["healthy"]),
        (State.INITIAL, [False, True], ["initial", "healthy"]),
        (State.INITIAL, [False, False, True, True], ["initial", "unhealthy", "unhealthy", "unhealthy"]),
        (State.UNHEALTHY, [True, True, True], ["unhealthy", "unhealthy", "healthy"]),
        (State.UNHEALTHY, [True, True, False, True, True], ["unhealthy"] * 5),
        (State.HEALTHY, [False, True, False, True], ["healthy"] * 4),
        (State.HEALTHY, [False, False], ["healthy", "unhealthy"]),
    ],
)
def test_a_state_changes_at_its_threshold(start: State, findings: list[bool], states: list[str]) -> None:
    """Three checks in a row heal, two in a row condemn, and the first passed check of a new target is enough."""
    target = Target("127.76.0.1", 1, state=start, reason="", description="")
    settings = {"HealthyThresholdCount": 3, "UnhealthyThresholdCount": 2}
    seen = []
    for passed in findings:
        before = target.state
        assert judge(target, PASSED if passed else FAILED, settings) == (target.state is not before)
        seen.append(str(target.state))
    assert seen == states


def test_a_state_comes_with_its_reason() -> None:
    """What condemned a target is told until it is healthy again."""
    target = Target("127.76.0.1", 1, state=State.HEALTHY, reason="", description="")
    settings = {"HealthyThresholdCount": 2, "UnhealthyThresholdCount": 1}
    judge(target, FAILED, settings)
    assert (target.reason, target.description) == ("Target.Timeout", "Request timed out")
    judge(target, PASSED, settings)
    assert target.reason == "Target.Timeout"
    judge(target, PASSED, settings)
    assert (target.reason, target.description) == ("", "")


SETTINGS = {
    "HealthCheckPort": "traffic-port",
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPath": "/",
    "Matcher": {"HttpCode": "200"},
}


def test_a_target_that_refuses_fails_its_check() -> None:
    """A refused connection is a failed check in AWS's words."""
    target = Target("127.76.0.1", 1)
    found = health.check(target, SETTINGS, timeout=1)
    assert (found.passed, found.reason) == (False, "Target.FailedHealthChecks")


def test_a_target_that_never_answers_times_out() -> None:
    """Silence beyond the timeout is a failed check with its own reason."""
    import socket  # noqa: PLC0415 - only here a target is a bare socket

    with socket.create_server(("127.76.0.1", 0)) as silent:
        target = Target(*silent.getsockname())
        assert health.check(target, SETTINGS, timeout=0.05).reason == "Target.Timeout"
        elsewhere = SETTINGS | {"HealthCheckPort": str(target.port)}
        assert health.check(Target("127.76.0.1", 1), elsewhere, timeout=0.05).reason == "Target.Timeout"


# --- the access log -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "target", "own"),
    [
        (
            "2000 f b 127.76.0.1:1 200 12 -- 0",
            {"RequestCount": 1, "TargetResponseTime": 0.012, "HTTPCode_Target_2XX_Count": 1},
            {},
        ),
        (
            "2000 f b 127.76.0.1:1 500 12 -- 800",
            {"RequestCount": 1, "TargetResponseTime": 0.812, "HTTPCode_Target_5XX_Count": 1},
            {},
        ),
        (
            "2000 f b 127.76.0.1:1 503 -1 SC -",
            {"RequestCount": 1, "TargetConnectionErrorCount": 1},
            {"HTTPCode_ELB_5XX_Count": 1},
        ),
        ("2000 f b 127.76.0.1:1 504 -1 sH -", {"RequestCount": 1}, {"HTTPCode_ELB_5XX_Count": 1}),
        ("2000 f b <NOSRV> 503 -1 LR -", {}, {"HTTPCode_ELB_5XX_Count": 1}),
        ("2000 f f <NOSRV> 301 -1 LR -", {}, {"HTTPCode_ELB_3XX_Count": 1}),
        ("2000 f f <NOSRV> 400 -1 CR -", {}, {"HTTPCode_ELB_4XX_Count": 1}),
        ("2000 f f <NOSRV> -1 -1 CD -", {}, {}),
    ],
)
def test_a_request_counts_as_what_it_was(line: str, target: dict[str, float], own: dict[str, float]) -> None:
    """A target's answers, refused connections and the load balancer's own answers are told apart."""
    request = access_log.parse(line)
    assert request is not None
    assert access_log.measure(request) == (target, own)


@pytest.mark.parametrize("line", ["", "Proxy f stopped (cumulated conns: FE: 1, BE: 0).", "a b c d e f g h"])
def test_what_haproxy_says_of_itself_is_no_request(line: str) -> None:
    """HAProxy's own messages share the log and are not counted."""
    assert access_log.parse(line) is None


def test_a_late_line_counts_when_its_request_ended() -> None:
    """A line that waited a real second is recorded a cloud minute ago, when its request finished."""
    clock, metrics = Clock(60), MetricStore()
    log = access_log.AccessLog(clock, metrics, {"f": "app/web/1", "b": "targetgroup/blue/1"})
    before = clock.now()
    log.read("2000 f b 127.76.0.1:1 200 12 -- 0", real_now=3.0)
    log.read("2000 other b 127.76.0.1:1 200 12 -- 0", real_now=3.0)
    name = MetricName(
        "AWS/ApplicationELB",
        "RequestCount",
        frozenset({("LoadBalancer", "app/web/1"), ("TargetGroup", "targetgroup/blue/1")}),
    )
    assert metrics.between(name, before - 61, clock.now() - 59) == [1]


def test_requests_per_target_are_shares_of_the_healthy_targets() -> None:
    """The sum of RequestCountPerTarget is requests over healthy targets, by group and by group and load balancer."""
    clock, metrics = Clock(60), MetricStore()
    names = {"f": "app/web/1", "b": "targetgroup/blue/1"}
    log = access_log.AccessLog(clock, metrics, names, {"b": 4})
    for _ in range(6):
        log.read("2000 f b 127.76.0.1:1 200 12 -- 0", real_now=2.0)
    for dimensions in ({}, {"LoadBalancer": "app/web/1"}):
        whole = frozenset({"TargetGroup": "targetgroup/blue/1", **dimensions}.items())
        name = MetricName("AWS/ApplicationELB", "RequestCountPerTarget", whole)
        assert sum(metrics.between(name, 0, float("inf"))) == 6 / 4


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"fault": "rain"}, "'rain'"),
        ({"fault": "missing-on-test"}, "needs the version"),
        ({"fault": "missing-on-test", "version": "v2", "share": 0}, "above 0 and at most 1, got 0"),
        ({"fault": "errors-after-shift", "version": "v2", "share": "half"}, "'half'"),
        ({"fault": "slow-after-shift", "version": "v2"}, "1-60000, got None"),
        ({"fault": "slow-after-shift", "version": "v2", "milliseconds": 0}, "got 0"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(document: dict[str, Any], words: str) -> None:
    """A malformed fault is refused with the value and what is allowed."""
    with pytest.raises(ValueError, match=words):
        faults.parse(document)


def test_a_fault_hits_its_version_through_its_listeners() -> None:
    """Production is ports 80 and 443 unless the fault names others; only the version's own targets are hit."""
    listeners = [("web", 443), ("alt", 8080), ("test", 9001)]
    targets = {"a:1": "v1", "b:1": "v2", "c:1": None}
    shift = {"fault": "errors-after-shift", "version": "v2"}
    assert set(faults.effects(faults.parse(shift), listeners, targets)) == {("web", "b:1")}
    named = shift | {"production_ports": [8080]}
    assert set(faults.effects(faults.parse(named), listeners, targets)) == {("alt", "b:1")}
    on_test = {"fault": "missing-on-test", "version": "v2"}
    assert set(faults.effects(faults.parse(on_test), listeners, targets)) == {("alt", "b:1"), ("test", "b:1")}
    assert faults.effects(faults.parse({"fault": None}), listeners, targets) == {}


# --- certificates ---------------------------------------------------------------------------------------------------


def test_a_certificate_speaks_for_its_domains(tmp_path: Path) -> None:
    """A certificate names every domain asked for, wildcards and addresses included, and its key is nobody else's."""
    authority = Authority(tmp_path / "authority")
    kind = CertificateType(authority, region="eu-west-1", account="123456789012")
    properties = {
        "DomainName": "example.com",
        "SubjectAlternativeNames": ["*.example.com", "127.78.0.1", "example.com"],
    }
    arn = kind.create("ignored", properties).physical_id
    assert re.fullmatch(r"arn:aws:acm:eu-west-1:123456789012:certificate/[0-9a-f-]{36}", arn)
    file = authority.file(arn)
    assert file is not None
    assert file.stat().st_mode & 0o077 == 0
    assert decoded(file)["subjectAltName"] == (
        ("DNS", "example.com"),
        ("DNS", "*.example.com"),
        ("IP Address", "127.78.0.1"),
    )
    assert kind.update(arn, properties, properties).physical_id == arn
    kind.delete(arn, properties)
    kind.delete(arn, properties)
    assert authority.file(arn) is None


def decoded(file: Path) -> dict[str, Any]:
    """Read a certificate with the interpreter's own reader, not with the library that wrote it."""
    from ssl import _ssl  # type: ignore[attr-defined]  # noqa: PLC0415 - the only reader the standard library has

    return dict(_ssl._test_decode_cert(str(file)))


def test_two_authorities_do_not_trust_each_other(tmp_path: Path) -> None:
    """Each rehearsal has an authority of its own, with its own key."""
    first, second = Authority(tmp_path / "1"), Authority(tmp_path / "2")
    assert first.ca_file.read_bytes() != second.ca_file.read_bytes()
    assert ssl.create_default_context(cafile=first.ca_file).cert_store_stats()["x509_ca"] == 1
