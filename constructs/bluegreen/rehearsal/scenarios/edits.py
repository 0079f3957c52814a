"""Edits of an assembly: what other arguments of BlueGreenService, and other resources beside it, would render."""

from collections.abc import Callable
from typing import Any

from bluegreen.rehearsal.assembly_edits import Assembly, Edit, Resource

RELEASE = "Custom::Release"
STATE = "Custom::DeployedState"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"

TLS_POLICIES = (
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
)
"""Policies that a load balancer with a certificate may have; the last one takes TLS 1.3 alone."""


def together(*edits: Edit) -> Edit:
    """Return one edit that makes all of these."""

    def edit(assembly: Assembly) -> None:
        for one in edits:
            one(assembly)

    return edit


def unrelated(assembly: Assembly) -> None:
    """Add a resource that has nothing to do with the service."""
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "Somebody else's"}}
    assembly.add(assembly.one(RELEASE), "Unrelated", topic)


def failing(assembly: Assembly) -> None:
    """Add a resource that fails once the release is over: a deployment group of an application that does not exist."""
    release = assembly.one(RELEASE)
    properties = assembly.one("AWS::CodeDeploy::DeploymentGroup").properties
    document = {
        "Type": "AWS::CodeDeploy::DeploymentGroup",
        "Properties": {**properties, "ApplicationName": "there-is-no-such-application"},
        "DependsOn": [release.logical_id, *(one.logical_id for one in assembly.resources(LISTENER))],
    }
    assembly.add(release, "Failing", document)


def of_release(**properties: Any) -> Edit:
    """Return an edit that sets properties of Custom::Release; None takes one away."""

    def edit(assembly: Assembly) -> None:
        found = assembly.one(RELEASE).properties
        for name, value in properties.items():
            found.pop(name, None)
            if value is not None:
                found[name] = value

    return edit


def of_listeners(change: Callable[[dict[str, Any]], None]) -> Edit:
    """Return an edit of both listeners of the service, and of what the custom resources are told of them.

    Args:
        change: Gets each listener's properties.
    """

    def edit(assembly: Assembly) -> None:
        for kind in (STATE, RELEASE):
            for listener in assembly.one(kind).properties["Listeners"].values():
                change(listener)
        for resource in _forwarding(assembly):
            change(resource.properties)

    return edit


def tls_policy(name: str) -> Edit:
    """Return an edit that gives listeners with a certificate another TLS policy."""

    def change(properties: dict[str, Any]) -> None:
        if "Certificates" in properties:
            properties["SslPolicy"] = name

    return of_listeners(change)


def attribute(key: str, value: str) -> Edit:
    """Return an edit that gives listeners an attribute, such as a header of every response."""

    def change(properties: dict[str, Any]) -> None:
        others = [one for one in properties.get("ListenerAttributes", ()) if one["Key"] != key]
        properties["ListenerAttributes"] = [*others, {"Key": key, "Value": value}]

    return of_listeners(change)


def rule(priority: int) -> Edit:
    """Return an edit that gives the production listener a rule, which answers by itself."""

    def edit(assembly: Assembly) -> None:
        listener = assembly.one(RELEASE).properties["ProductionListener"]
        answer = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "User-agent: *"}
        properties = {
            "ListenerArn": listener,
            "Priority": priority,
            "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/robots.txt"]}}],
            "Actions": [{"Type": "fixed-response", "FixedResponseConfig": answer}],
        }
        document = {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": properties}
        assembly.add(assembly.one(RELEASE), "Robots", document)

    return edit


def _forwarding(assembly: Assembly) -> list[Resource]:
    """Return the listeners of the service, not one that redirects to them."""
    names = [assembly.one(RELEASE).properties[name]["Ref"] for name in ("ProductionListener", "TestListener")]
    return [one for one in assembly.resources(LISTENER) if one.logical_id in names]
