"""The pictures of the dashboards: that they work out what CloudWatch would, and draw every kind of widget."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from docs.dashboards.arithmetic import Known
from docs.dashboards.body import stand_in
from docs.dashboards.drawing import draw
from docs.dashboards.samples import Samples

MISSING = math.nan


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a+b", [11, MISSING, 33]),
        ("FILL(b,0)", [10, 0, 30]),
        ("100*a/(a+FILL(b,0))", [100 / 11, 100, 300 / 33]),
        ("IF(FILL(b,0)>=a,b,a)", [10, 2, 30]),
        ("IF(a>=2 AND FILL(b,0)>5 OR a<2,1,0)", [1, 0, 1]),
        ("MAX([FILL(a,0),FILL(b,0)])", [10, 2, 30]),
        ("twice", [2, 4, 6]),
    ],
)
def test_arithmetic_comes_to_what_metric_math_says(expression: str, expected: list[float]) -> None:
    """Sums, FILL, IF with AND before OR, MAX, and expressions of expressions, with a missing value in one series."""
    known = Known(Samples(3, 1))
    known["a"], known["b"] = np.array([1.0, 2.0, 3.0]), np.array([10.0, MISSING, 30.0])
    known.state("twice", "2*a")
    np.testing.assert_allclose(known.work_out(expression), expected)


def test_arithmetic_that_it_does_not_know_is_refused() -> None:
    """A picture shows no line whose expression it could not work out."""
    with pytest.raises(ValueError, match=r"^metric math must be of the kind that this project writes, got a\[0\]"):
        Known(Samples(3, 1)).work_out("a[0]")


@pytest.mark.parametrize("name", ["OrdersRelease", "Business"])
def test_every_kind_of_widget_is_drawn(bodies: Mapping[str, dict[str, Any]], tmp_path: Path, name: str) -> None:
    """A dashboard becomes a picture as wide as the grid and as high as its rows."""
    body = bodies[name]
    alarm = {"AlarmName": "few", "MetricName": "CPUUtilization", "Threshold": 50, "ComparisonOperator": "GreaterThan"}
    arns = {arn for widget in body["widgets"] for arn in widget["properties"].get("annotations", {}).get("alarms", ())}
    draw(body, {arn: alarm | {"Statistic": "Average"} for arn in arns}, tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        width, height = picture.size
    rows = max(widget["y"] + widget["height"] for widget in body["widgets"])
    assert width > 1300
    assert height > 30 * rows


def test_a_picture_is_light_enough_for_a_page() -> None:
    """The committed pictures are below 300 kB each."""
    pictures = sorted((Path(__file__).parents[3] / "docs" / "images").glob("*-dashboard.png"))
    assert [picture.name for picture in pictures] == ["operations-dashboard.png", "release-dashboard.png"]
    assert all(picture.stat().st_size < 300_000 for picture in pictures)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ({"Ref": "Bucket"}, "<Bucket>"),
        ({"Fn::GetAtt": ["Group", "Name"]}, "<Group.Name>"),
        ({"Fn::ImportValue": "Data:Export"}, "<Data:Export>"),
        ({"Fn::Select": [1, {"Fn::Split": [":", {"Ref": "Arn"}]}]}, "<1 of <Arn> by :>"),
    ],
)
def test_what_only_a_deployment_knows_has_a_stand_in(value: Any, text: str) -> None:
    """A reference is shown as what it refers to."""
    assert stand_in(value) == text
