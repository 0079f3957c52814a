"""Group safety: the listener changes near a swap of the colours."""

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.stage import Stage

from .checks import ended, ends_on_candidate, none_failed
from .edits import TLS_POLICIES, attribute, failing, rule, tls_policy, together
from .operator import listener
from .scenario import Scenario

_FRAMES = "routing.http.response.x_frame_options.header_value"


def _listener_changes(stage: Stage) -> None:
    """Change TLS policy, rules and headers at an odd and at an even number of swaps, and in an update that fails."""
    service = stage.service
    first, second, third = TLS_POLICIES
    deny, same = attribute(_FRAMES, "DENY"), attribute(_FRAMES, "SAMEORIGIN")
    stage.deploy(stage.live, edit=together(tls_policy(first), rule(10), deny))
    _expect(stage, service, first, rules=1, frames="DENY")
    stage.deploy(edit=together(tls_policy(first), deny))
    _expect(stage, service, first, rules=0, frames="DENY")
    stage.deploy(stage.live, edit=together(tls_policy(second), rule(20), same))
    _expect(stage, service, second, rules=1, frames="SAMEORIGIN")
    stage.deploy(stage.live, edit=together(tls_policy(third), failing, deny))
    _expect(stage, service, second, rules=1, frames="SAMEORIGIN")


def _expect(stage: Stage, service: Service, policy: str, rules: int, frames: str) -> None:
    """Check that both listeners really have what was deployed."""
    for arn in (service.production_listener, service.test_listener):
        found = listener(stage, arn)
        stage.expect(
            found["Protocol"] != "HTTPS" or found["SslPolicy"] == policy,
            f"the listener on {found['Port']} must have {policy}, got {found.get('SslPolicy')}",
        )
        attributes = stage.client("elbv2").describe_listener_attributes(ListenerArn=arn)["Attributes"]
        stage.expect(
            {"Key": _FRAMES, "Value": frames} in attributes,
            f"the listener on {found['Port']} must have {_FRAMES} = {frames}, got {attributes}",
        )
    described = stage.client("elbv2").describe_rules(ListenerArn=service.production_listener)["Rules"]
    own = [one for one in described if not one["IsDefault"]]
    stage.expect(len(own) == rules, f"the production listener must have {rules} rules of its own, got {len(own)}")


LISTENERS = (
    Scenario(
        name="listener-changes-after-swap",
        summary="TLS policy, rules and headers change after either swap, and in an update that fails",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(
            none_failed,
            ends_on_candidate,
            ended(Outcome.UNCHANGED, Outcome.SUCCEEDED, Outcome.UNCHANGED, Outcome.ROLLED_BACK),
        ),
        play=_listener_changes,
    ),
)
