"""The smoke tests against a real HTTP(S) server on a loopback address."""

import datetime as dt
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import hook_runtime
import http_probe
import smoke_tests
from bluegreen.release.checks import HttpCheck, SecretReference
from hook_runtime import Invocation, Verdict
from http_probe import Endpoint, ProbeError

HOST = "orders.example.test"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:api"


class Handler(BaseHTTPRequestHandler):
    """Answers as its path says."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers), self.read_body()))
        match self.path.partition("?")[0].split("/")[1:]:
            case ["status", status]:
                self.answer(int(status), b"", Location="http://127.0.0.1:1/elsewhere")
            case ["json"]:
                self.answer(200, b'{"database": {"up": true}}')
            case ["echo"]:
                self.answer(500, json.dumps(dict(self.headers)).encode())
            case ["flaky", good_after]:
                good = sum(path == self.path for path, _, _ in self.server.seen) > int(good_after)
                self.answer(200 if good else 503, b"")
            case ["silent"]:
                self.server.released.wait(10)
            case ["drip"]:
                self.send_response(200)
                self.end_headers()
                while not self.server.released.wait(0.05):
                    self.wfile.write(b".")
            case ["huge"]:
                self.answer(200, b"x" * (3 << 20))
            case ["rubbish"]:
                self.wfile.write(b"not HTTP at all\r\n\r\n")
                self.close_connection = True

    do_POST = do_GET  # noqa: N815 - http.server's names

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("X-Twice", "a")
        self.send_header("X-Twice", "b")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Remembers what it was asked."""

    daemon_threads = True

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((address, port), Handler)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.released = threading.Event()

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is part of the test."""


@pytest.fixture
def serve() -> Iterator[Callable[[Server], Server]]:
    """Runs a server for as long as the test lasts."""
    running: list[tuple[Server, threading.Thread]] = []

    def start(server: Server) -> Server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server(serve: Callable[[Server], Server]) -> Server:
    """A plain HTTP server."""
    return serve(Server())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `HOST` with its key, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_server(serve: Callable[[Server], Server], certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """An HTTPS server whose certificate is for `HOST`, trusted through the environment."""
    made = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return serve(made)


def get(server: Server, path: str, *, host: str = HOST, tls: bool = False, timeout: float = 5) -> Any:
    endpoint = Endpoint("127.0.0.1", server.server_port, host, tls)
    return http_probe.send(endpoint, "GET", path, headers={}, body=None, timeout_seconds=timeout)


def invocation(seconds: float = 30) -> Invocation:
    return Invocation("d-1", deadline=time.monotonic() + seconds)


def environment(server: Server, *checks: HttpCheck, scheme: str = "http") -> dict[str, str]:
    return {
        "BLUEGREEN_CHECKS": json.dumps([check.to_dict() for check in checks]),
        "BLUEGREEN_LOAD_BALANCER": "app/orders/123",
        "BLUEGREEN_TEST_PORT": str(server.server_port),
        "BLUEGREEN_SCHEME": scheme,
        "BLUEGREEN_HOST": HOST,
    }


@pytest.fixture
def run(aws: Any, server: Server) -> Callable[..., Verdict]:
    """Runs checks against the plain server, which has one address; pauses are skipped."""
    aws.answers["ec2.describe_network_interfaces"] = {"NetworkInterfaces": [{"PrivateIpAddress": "127.0.0.1"}]}
    aws.answers["secretsmanager.get_secret_value"] = {"SecretString": '{"token": "s3cr3t", "number": 7}'}

    def check(*checks: HttpCheck, seconds: float = 30) -> Verdict:
        return smoke_tests.check_candidate(invocation(seconds), environment(server, *checks), sleep=lambda _: None)

    return check


def test_the_request_names_the_service_and_goes_to_the_address(server: Server) -> None:
    """The Host header is the service's name although the connection goes to an address."""
    response = get(server, "/json?x=1")
    assert server.seen[0][1]["Host"] == HOST
    assert [path for path, _, _ in server.seen] == ["/json?x=1"]
    assert response.header("X-TWICE") == "a, b"


def test_a_certificate_is_verified_for_the_services_name(tls_server: Server) -> None:
    """HTTPS to an address works when the certificate is for the service's name."""
    assert get(tls_server, "/json", tls=True).status == 200
    with pytest.raises(ProbeError, match="Hostname mismatch"):
        get(tls_server, "/json", tls=True, host="other.example.test")


def test_a_certificate_of_an_unknown_authority_is_refused(tls_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the authority in the environment's trust there is no answer."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ProbeError, match="CERTIFICATE_VERIFY_FAILED"):
        get(tls_server, "/json", tls=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(server: Server, status: int) -> None:
    """Whatever an answer's Location says, only the one server is asked, once."""
    assert get(server, f"/status/{status}").status == status
    assert len(server.seen) == 1


@pytest.mark.parametrize("path", ["/silent", "/drip"])
def test_an_attempt_ends_in_time_however_the_server_behaves(server: Server, path: str) -> None:
    """A server that says nothing, or a byte now and then, does not outlast the timeout."""
    started = time.monotonic()
    with pytest.raises(ProbeError, match=r"nothing complete within 0\.3 s"):
        get(server, path, timeout=0.3)
    assert time.monotonic() - started < 3


def test_a_silent_tls_handshake_ends_in_time() -> None:
    """A server that is connected to and then says nothing does not outlast the timeout before TLS is up, either."""
    with socket.create_server(("127.0.0.1", 0)) as quiet:
        endpoint = Endpoint("127.0.0.1", quiet.getsockname()[1], HOST, tls=True)
        with pytest.raises(ProbeError, match=r"nothing complete within 0\.3 s"):
            http_probe.send(endpoint, "GET", "/", headers={}, body=None, timeout_seconds=0.3)


def test_no_server_and_no_http_are_no_answers(server: Server) -> None:
    """A refused connection and an answer that is not HTTP say what they are."""
    with pytest.raises(ProbeError, match="BadStatusLine"):
        get(server, "/rubbish")
    with pytest.raises(ProbeError, match="ConnectionRefusedError"):
        http_probe.send(Endpoint("127.0.0.1", 1, HOST, tls=False), "GET", "/", headers={}, body=None, timeout_seconds=1)


def test_a_huge_body_is_read_to_a_limit(server: Server) -> None:
    """A body that would fill the function's memory is cut."""
    assert len(get(server, "/huge").body) == http_probe.LONGEST_BODY_BYTES


def test_all_checks_passing_is_a_pass(run: Callable[..., Verdict]) -> None:
    """Every check that passes lets the release go on."""
    verdict = run(HttpCheck("/json", json={"database.up": True}), HttpCheck("/status/204", status=204))
    assert verdict == Verdict(passed=True, reason="2 checks passed")


def test_every_failed_check_is_in_the_reason(run: Callable[..., Verdict]) -> None:
    """The reason counts the checks and says for each failed one what was expected and got."""
    verdict = run(
        HttpCheck("/status/503", retries=0),
        HttpCheck("/json"),
        HttpCheck("/json", json={"database.up": False}, retries=0),
    )
    assert not verdict.passed
    assert verdict.reason == (
        "2 of 3 checks failed: GET /status/503: status: expected 200, got 503; "
        "GET /json: json database.up: expected false, got true"
    )


def test_a_check_is_tried_again_as_often_as_it_says(run: Callable[..., Verdict], server: Server) -> None:
    """Two retries are three requests; a success ends them."""
    assert run(HttpCheck("/flaky/2", retries=2)).passed
    assert not run(HttpCheck("/flaky/9", retries=2)).passed
    assert [path for path, _, _ in server.seen] == ["/flaky/2"] * 3 + ["/flaky/9"] * 3


def test_retries_end_when_the_time_does(run: Callable[..., Verdict], server: Server) -> None:
    """With less time left than the next pause there is no further attempt, and the last result stands."""
    assert not run(HttpCheck("/status/503", retries=10), seconds=0.9).passed
    assert len(server.seen) == 1


def test_method_headers_and_body_are_sent(run: Callable[..., Verdict], server: Server) -> None:
    """What the check says is what goes out."""
    run(HttpCheck("/status/200", method="POST", headers={"X-Mode": "test"}, body="grüße"))
    _, headers, body = server.seen[0]
    assert headers["X-Mode"] == "test"
    assert body == "grüße".encode()


def test_requests_spread_over_the_load_balancers_addresses(
    aws: Any, serve: Callable[[Server], Server], server: Server
) -> None:
    """Neighbouring checks and the attempts of one check go to different addresses."""
    other = serve(Server("127.0.0.2", server.server_port))
    interfaces = [{"PrivateIpAddress": address} for address in ("127.0.0.2", "127.0.0.1")]
    aws.answers["ec2.describe_network_interfaces"] = {"NetworkInterfaces": interfaces}
    checks = (HttpCheck("/json"), HttpCheck("/flaky/1", retries=1))
    verdict = smoke_tests.check_candidate(invocation(), environment(server, *checks), sleep=lambda _: None)
    assert [path for path, _, _ in server.seen] == ["/json", "/flaky/1"]
    assert [path for path, _, _ in other.seen] == ["/flaky/1"]
    assert not verdict.passed
    filters = [{"Name": "description", "Values": ["ELB app/orders/123"]}]
    assert aws.called("ec2.describe_network_interfaces") == [{"Filters": filters}]


def test_a_load_balancer_without_addresses_is_a_clear_failure(aws: Any, server: Server) -> None:
    """When nothing can be asked, the reason names the load balancer."""
    aws.answers["ec2.describe_network_interfaces"] = {"NetworkInterfaces": []}
    with pytest.raises(LookupError, match="no network interface of load balancer app/orders/123"):
        smoke_tests.check_candidate(invocation(), environment(server, HttpCheck("/")))


def test_a_secret_is_sent_and_never_shown(
    run: Callable[..., Verdict], aws: Any, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """The candidate gets the secret; neither the reason nor the log does, even when the candidate echoes it."""
    caplog.set_level(logging.DEBUG)
    secret = SecretReference(ARN, field="token")
    check = HttpCheck("/echo", headers={"X-Api-Key": secret}, body_regex="^$", retries=1)
    verdict = run(check, check)
    assert server.seen[0][1]["X-Api-Key"] == "s3cr3t"
    assert not verdict.passed
    text = verdict.reason + "".join(str(vars(record)) for record in caplog.records)
    assert "(secret)" in text
    assert "s3cr3t" not in text
    assert aws.called("secretsmanager.get_secret_value") == [{"SecretId": ARN}], "read once an invocation"


@pytest.mark.parametrize(
    ("answer", "field", "said"),
    [
        ({"SecretString": "two\r\nlines"}, None, "is not printable ASCII text"),
        ({"SecretString": "grün"}, None, "is not printable ASCII text"),
        ({"SecretString": '{"number": 7}'}, "number", "is not printable ASCII text"),
        ({"SecretString": '{"number": 7}'}, "token", "KeyError"),
        ({"SecretString": "plain-s3cr3t"}, "token", "JSONDecodeError"),
        ({"SecretBinary": b"s3cr3t"}, None, "KeyError"),
        ("ResourceNotFoundException", None, "ResourceNotFoundException"),
    ],
)
def test_an_unusable_secret_fails_its_check_without_being_shown(  # noqa: PLR0917 - fixtures and a table's columns
    run: Callable[..., Verdict],
    aws: Any,
    server: Server,
    refusal: Callable[..., ClientError],
    answer: dict[str, str] | str,
    field: str | None,
    said: str,
) -> None:
    """The reason names the secret and what is wrong with it, nothing is sent, and no content is told."""
    aws.answers["secretsmanager.get_secret_value"] = refusal(answer) if isinstance(answer, str) else answer
    verdict = run(HttpCheck("/json", headers={"X-Key": SecretReference(ARN, field)}, retries=0))
    assert said in verdict.reason or said in verdict.reason.replace("…", said)
    assert "s3cr3t" not in verdict.reason
    assert server.seen == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"BLUEGREEN_CHECKS": "", "BLUEGREEN_HOST": ""}, "lacks BLUEGREEN_CHECKS, BLUEGREEN_HOST"),
        ({"BLUEGREEN_SCHEME": "ftp"}, "BLUEGREEN_SCHEME must be http or https, got 'ftp'"),
        ({"BLUEGREEN_TEST_PORT": "x"}, "invalid literal"),
        ({"BLUEGREEN_CHECKS": '[{"path": "nope"}]'}, "path must"),
    ],
)
def test_a_wrong_environment_is_named(server: Server, change: dict[str, str], said: str) -> None:
    """A function that was set up wrongly says which variable is wrong."""
    with pytest.raises(ValueError, match=said):
        smoke_tests.Settings.read(environment(server, HttpCheck("/")) | change)


def test_the_handler_answers_codedeploy(
    run: Callable[..., Verdict], aws: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From CodeDeploy's event to its answer, with the settings of the function's own environment."""
    del run  # sets AWS up
    aws.answers["codedeploy.get_deployment"] = {"deploymentInfo": {"creator": "user"}}
    aws.answers["codedeploy.put_lifecycle_event_hook_execution_status"] = {}
    for name, value in environment(server, HttpCheck("/status/500", retries=0)).items():
        monkeypatch.setenv(name, value)

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    event = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}
    assert smoke_tests.handle(event, Context())["status"] == "Failed"
    answers = aws.called("codedeploy.put_lifecycle_event_hook_execution_status")
    assert [answer["status"] for answer in answers] == ["Failed"]


def test_the_clients_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client gives up well within the time kept for the answer."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    config = hook_runtime._CONFIG
    assert (config.connect_timeout, config.read_timeout) == (2, 4)  # type: ignore[attr-defined] # set from keywords
