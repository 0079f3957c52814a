"""The AppSpec as CodeDeploy reads it."""

import json

from bluegreen.release.appspec import AppSpec, CapacityProvider


def test_capacity_providers_travel_with_the_release() -> None:
    """A strategy is written as CodeDeploy spells it; without one the service's launch type holds."""
    spot = CapacityProvider(name="FARGATE_SPOT", base=1, weight=3)
    written = [
        json.loads(
            AppSpec(task_definition="t", container_name="c", container_port=1, capacity_providers=providers).to_json()
        )["Resources"][0]["TargetService"]["Properties"]
        for providers in ((spot,), ())
    ]
    assert written[0]["CapacityProviderStrategy"] == [{"CapacityProvider": "FARGATE_SPOT", "Base": 1, "Weight": 3}]
    assert "CapacityProviderStrategy" not in written[1]
