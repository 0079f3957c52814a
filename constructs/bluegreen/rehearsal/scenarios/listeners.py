"""Group safety: the listener changes near a swap of the colours."""

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.stage import Stage

from .checks import ended, ends_on_candidate, none_failed
from .edits import TLS_POLICIES, failing, rule, tls_policy, together
from .operator import listener
from .scenario import Scenario


def _listener_changes(stage: Stage) -> None:
    """Change TLS policy and rules at an odd and at an even number of swaps, and in an update that fails."""
    service = stage.service
    first, second, third = TLS_POLICIES
    stage.deploy(stage.live, edit=together(tls_policy(first), rule(10)))
    _expect(stage, service, first, rules=1)
    stage.deploy(edit=tls_policy(first))
    _expect(stage, service, first, rules=0)
    stage.deploy(stage.live, edit=together(tls_policy(second), rule(20)))
    _expect(stage, service, second, rules=1)
    stage.deploy(stage.live, edit=together(tls_policy(third), failing))
    _expect(stage, service, second, rules=1)


def _expect(stage: Stage, service: Service, policy: str, rules: int) -> None:
    """Check that both listeners really have what was deployed."""
    for arn in (service.production_listener, service.test_listener):
        found = listener(stage, arn)
        stage.expect(
            found["Protocol"] != "HTTPS" or found["SslPolicy"] == policy,
            f"the listener on {found['Port']} must have {policy}, got {found.get('SslPolicy')}",
        )
    described = stage.client("elbv2").describe_rules(ListenerArn=service.production_listener)["Rules"]
    own = [one for one in described if not one["IsDefault"]]
    stage.expect(len(own) == rules, f"the production listener must have {rules} rules of its own, got {len(own)}")


LISTENERS = (
    Scenario(
        name="listener-changes-after-swap",
        summary="TLS policy and rules change after either swap, and in an update that fails",
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
