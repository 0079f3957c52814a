from typing import Any

import pytest

from tests.rehearsal.made_up import deploy

NOTHING: dict[str, Any] = {"updated": False, "deployments": ()}
BACK: dict[str, Any] = {"exit_code": 1, "stack_status": "UPDATE_ROLLBACK_COMPLETE"}
BY_US: dict[str, Any] = {"failed_type": "Custom::Release", "deployments": ()}


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({}, "succeeded"),
        ({"stack_status": "CREATE_COMPLETE", "deployments": ()}, "succeeded"),
        ({"deployments": ()}, "unchanged"),
        (NOTHING, "unchanged"),
        (NOTHING | {"stack_status": "UPDATE_ROLLBACK_COMPLETE"}, "unchanged"),
        ({"stack_status": "UPDATE_ROLLBACK_COMPLETE"}, "failed"),
        (BACK, "rolled-back"),
        (BACK | {"stack_status": "ROLLBACK_COMPLETE"}, "rolled-back"),
        (BACK | {"deployments": (), "failed_type": "AWS::SNS::Topic"}, "rolled-back"),
        (BACK | BY_US, "refused"),
        (BACK | BY_US | {"stack_status": "ROLLBACK_COMPLETE"}, "rolled-back"),
        (BACK | NOTHING, "refused"),
        (BACK | {"stack_status": "UPDATE_ROLLBACK_FAILED"}, "failed"),
        ({"destroys": True, "stack_status": "absent"}, "deleted"),
        ({"destroys": True, "stack_status": "DELETE_FAILED", "exit_code": 1}, "failed"),
        ({"destroys": True, "stack_status": "DELETE_FAILED"}, "failed"),
    ],
)
def test_a_command_has_one_outcome(changed: dict[str, Any], outcome: str) -> None:
    """It follows from the exit code, the stack's status, what failed first, and whether a deployment was started."""
    assert deploy(**changed).outcome == outcome
