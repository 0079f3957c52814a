"""What is asked of the orders service from outside, as its customers do."""

import json

from bluegreen.release.checks import HttpCheck
from bluegreen.release.journey import JourneyStep

CUSTOMER = "journey"
"""Whose orders the journey places: real rows, one each time, which reports leave out by this name."""

ALIVE = HttpCheck("/health/ready", json={"status": "ok"})
BUYS = (
    JourneyStep(
        name="place an order",
        check=HttpCheck(
            "/orders",
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json.dumps({"customer": CUSTOMER, "product": "tea", "quantity": 1}),
            status=201,
            json={"customer": CUSTOMER},
            max_milliseconds=2000,
        ),
        capture={"order": "id"},
    ),
    JourneyStep(
        name="read it back",
        check=HttpCheck("/orders/${order}", json={"id": "${order}", "product": "tea"}, max_milliseconds=2000),
    ),
    JourneyStep(name="list orders", check=HttpCheck("/orders", json={"type(@)": "array"}, max_milliseconds=2000)),
)
