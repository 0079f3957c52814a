"""Draws production's dashboards: `python -m docs.dashboards` writes them to docs/images."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from stacks.environments import PROD
from stacks.reference import define_reference

from .body import Template, dashboards, stand_in
from .drawing import draw

ROOT = Path(__file__).parents[2]
_PICTURES = {"Release": "release-dashboard.png", "Operations": "operations-dashboard.png"}
_ALARMS = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}


def main() -> None:
    """Synthesize production and draw its dashboards."""
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(outdir=folder, context=json.loads((ROOT / "cdk.json").read_text())["context"])
        define_reference(app, [PROD], version="v43")
        template = json.loads(Path(app.synth().directory, f"{PROD.stack_name}.template.json").read_text())
    images = ROOT / "docs" / "images"
    images.mkdir(exist_ok=True)
    draw_all(template, images)


def draw_all(template: Template, folder: Path) -> None:
    """Draw the dashboards of a template.

    Args:
        template: The synthesized stack of the service.
        folder: Where the pictures go.
    """
    alarms = alarms_of(template)
    for logical_id, body in dashboards(template).items():
        for kind, name in _PICTURES.items():
            if f"{kind}Dashboard" in logical_id:
                draw(body, alarms, folder / name)


def alarms_of(template: Template) -> dict[str, Mapping[str, Any]]:
    """Return the properties of a template's alarms, by the ARN's stand-in and by the ARN as its name makes it."""
    found: dict[str, Mapping[str, Any]] = {}
    partition, region, account = ({"Ref": f"AWS::{name}"} for name in ("Partition", "Region", "AccountId"))
    prefix = stand_in({"Fn::Join": [":", ["arn", partition, "cloudwatch", region, account, "alarm:"]]})
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] in _ALARMS:
            alarm = _known(resource["Properties"])
            found |= {f"<{logical_id}.Arn>": alarm, prefix + alarm["AlarmName"]: alarm}
    return found


def _known(value: Any) -> Any:
    """Replace what only a deployment knows, wherever it is."""
    if isinstance(value, list):
        return [_known(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::")):
        return stand_in(value)
    return {key: _known(item) for key, item in value.items()}


if __name__ == "__main__":
    main()
