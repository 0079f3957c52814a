"""Security headers: which are on the listeners, and that changing them cannot move traffic."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm

from bluegreen.cdk import ResponseHeaders
from tests.cdk.support import Synthesized, add_service, given_listeners, imported_load_balancer, synthesize

ARN = "arn:aws:acm:eu-west-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
HSTS = "routing.http.response.strict_transport_security.header_value"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def secure(stack: cdk.Stack, **settings: Any) -> None:
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", ARN)
    add_service(stack, certificate=certificate, **settings)


def attributes(listener: dict[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in listener["Properties"]["ListenerAttributes"]}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A service with HTTPS that asks for nothing."""
    return synthesize(tmp_path_factory.mktemp("before"), secure)


@pytest.mark.parametrize("port", [443, 8443])
def test_https_is_kept_for_a_year_on_both_listeners(before: Synthesized, port: int) -> None:
    """A smoke test sees of a candidate the headers that users would see."""
    assert attributes(before.one(LISTENER, Port=port)) == {
        "routing.http.response.server.enabled": "false",
        HSTS: "max-age=31536000",
        "routing.http.response.x_content_type_options.header_value": "nosniff",
    }


def test_plain_http_promises_no_https(before: Synthesized) -> None:
    """The redirect from port 80 has no Strict-Transport-Security, which browsers ignore there."""
    assert HSTS not in attributes(before.one(LISTENER, Port=80))


def test_a_changed_header_asks_for_the_weights_first(before: Synthesized, tmp_path: Path) -> None:
    """CloudFormation sends the target groups with any change; they are Custom::DeployedState's, which changes too."""
    headers = ResponseHeaders(frame_options="DENY")
    after = synthesize(tmp_path, lambda stack: secure(stack, response_headers=headers))
    (name,) = [name for name, one in after.resources.items() if one["Type"] == "Custom::DeployedState"]
    assert before.resources[name]["Properties"]["Listeners"] != after.resources[name]["Properties"]["Listeners"]
    for role, port in (("Production", 443), ("Test", 8443)):
        listener = after.one(LISTENER, Port=port)
        assert attributes(listener)["routing.http.response.x_frame_options.header_value"] == "DENY"
        groups = listener["Properties"]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        weights = [group["Weight"] for group in groups]
        assert weights == [{"Fn::GetAtt": [name, f"{role}{colour}"]} for colour in ("Blue", "Green")]


def test_every_header_can_be_left_to_the_application() -> None:
    """What is None or False is not stated, apart from the load balancer's own name."""
    headers = ResponseHeaders(hsts_seconds=None, no_sniffing=False, server=True)
    assert headers.attributes(secure=True) == {"routing.http.response.server.enabled": "true"}


def test_subdomains_and_a_policy_are_stated_as_they_are_sent() -> None:
    """The values are the headers' own."""
    headers = ResponseHeaders(hsts_subdomains=True, content_security_policy="default-src 'self'")
    stated = headers.attributes(secure=True)
    assert stated[HSTS] == "max-age=31536000; includeSubDomains"
    assert stated["routing.http.response.content_security_policy.header_value"] == "default-src 'self'"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"hsts_seconds": -1}, "hsts_seconds must be 0-63072000, got -1"),
        ({"hsts_seconds": None, "hsts_subdomains": True}, "hsts_subdomains needs hsts_seconds"),
        ({"frame_options": "ALLOW"}, "frame_options must be 'DENY', 'SAMEORIGIN' or None, got 'ALLOW'"),
        ({"content_security_policy": "a\r\nSet-Cookie: b"}, "content_security_policy must be 1-1024 printable"),
    ],
)
def test_refuses_headers_that_cannot_be_sent(wrong: dict[str, Any], message: str) -> None:
    """A value out of range is refused where it is written."""
    with pytest.raises(ValueError, match=message):
        ResponseHeaders(**wrong)


def test_refuses_headers_for_listeners_of_somebody_else(tmp_path: Path) -> None:
    """An imported listener's attributes are its owner's."""

    def define(stack: cdk.Stack) -> None:
        listeners = given_listeners(stack)
        balancer = imported_load_balancer(stack)
        secure(stack, load_balancer=balancer, response_headers=ResponseHeaders(), **listeners)

    with pytest.raises(ValueError, match="response_headers must be omitted with given listeners"):
        synthesize(tmp_path, define)


def test_refuses_to_protect_a_load_balancer_of_somebody_else(tmp_path: Path) -> None:
    """An imported load balancer's protection is its owner's."""

    def define(stack: cdk.Stack) -> None:
        secure(stack, load_balancer=imported_load_balancer(stack), deletion_protection=True)

    with pytest.raises(ValueError, match="deletion_protection must be False with a given load_balancer"):
        synthesize(tmp_path, define)


def test_an_own_load_balancer_can_be_protected(tmp_path: Path) -> None:
    """With deletion protection, the load balancer refuses to go with its stack."""
    stack = synthesize(tmp_path, lambda stack: secure(stack, deletion_protection=True))
    stated = stack.one("AWS::ElasticLoadBalancingV2::LoadBalancer")["Properties"]["LoadBalancerAttributes"]
    assert {"Key": "deletion_protection.enabled", "Value": "true"} in stated
