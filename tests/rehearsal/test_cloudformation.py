from typing import Any

import pytest

from bluegreen.rehearsal.cloudformation import first_failure

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/ProdStack/1"


def event(logical: str, status: str, reason: str = "") -> dict[str, Any]:
    physical = STACK if logical == "ProdStack" else f"id-of-{logical}"
    made = {"LogicalResourceId": logical, "PhysicalResourceId": physical, "StackId": STACK, "ResourceStatus": status}
    return made | ({"ResourceStatusReason": reason} if reason else {})


FAILED = [
    event("ProdStack", "UPDATE_IN_PROGRESS", "User Initiated"),
    event("Release", "UPDATE_IN_PROGRESS"),
    event("Release", "UPDATE_FAILED", "d-ONE failed at Install"),
    event("Alarm", "UPDATE_FAILED", "Resource update cancelled"),
    event("ProdStack", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Release]."),
    event("ProdStack", "UPDATE_ROLLBACK_COMPLETE"),
]
GOOD = [event("ProdStack", "UPDATE_IN_PROGRESS", "User Initiated"), event("ProdStack", "UPDATE_COMPLETE")]


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        (FAILED, "Release: d-ONE failed at Install"),
        ([*GOOD, *FAILED], "Release: d-ONE failed at Install"),
        ([*FAILED, *GOOD], ""),
        (GOOD, ""),
        ([], ""),
    ],
)
def test_the_first_failure_of_the_last_deployment_is_the_reason(history: list[dict[str, Any]], reason: str) -> None:
    """Of all that is said, what failed first in the last deployment counts, and nothing from the one before."""
    assert str(first_failure(list(reversed(history))) or "") == reason
