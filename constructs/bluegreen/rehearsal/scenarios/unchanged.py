"""Group safety: deploys that release nothing."""

import json
from pathlib import Path

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import ended, ends_on_live, none_failed
from .edits import unrelated
from .scenario import Scenario

MOST_ADDED_SECONDS = 2.0
"""What `cdk deploy` of the unchanged stack may take beyond that of an unchanged stack of one resource."""

ATTEMPTS = 3
"""The fastest counts: the machine does other things as well."""

_TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def _nothing_changed(stage: Stage) -> None:
    """Deploy what is deployed, then something beside it."""
    service = stage.service
    before = stage.deployments(service)
    again = stage.deploy(stage.live, anew=True)
    stage.expect(not again.updated, f"an unchanged deploy updated the stack: {again.stack_status}")
    _measure(stage)
    stage.deploy(stage.live, edit=unrelated)
    after = stage.deployments(service)
    stage.expect(len(before) == len(after), f"{len(after) - len(before)} deployments were started for no release")
    stage.figures["unchanged_deploy_seconds"] = again.seconds


def _measure(stage: Stage) -> None:
    """Compare with what the CLI takes for a stack of one resource; both from assemblies that are there already."""
    assembly = stage.cdk.synth({"version": stage.live})
    small = _one_resource(stage.folder / "one-resource", assembly)
    code, log = stage.cdk.deploy_assembly(small, "OneResource")
    stage.expect(code == 0, f"the stack of one resource could not be deployed; see {log}")
    whole, own = [], []
    for _ in range(ATTEMPTS):
        own.append(stage.timed(lambda: stage.cdk.deploy_assembly(small, "OneResource")))
        whole.append(stage.timed(lambda: stage.cdk.deploy_assembly(assembly, stage.stack)))
    added = min(whole) - min(own)
    stage.figures["synthesized_deploy_seconds"] = min(whole)
    stage.figures["cli_seconds"] = min(own)
    stage.figures["added_seconds"] = added
    stage.expect(
        added < MOST_ADDED_SECONDS,
        f"an unchanged deploy takes {added:.2f} s more than that of one resource, at most {MOST_ADDED_SECONDS:g} s",
    )


def _one_resource(folder: Path, like: Path) -> Path:
    """Write an assembly of one stack with one resource."""
    folder.mkdir()
    (folder / "OneResource.template.json").write_text(json.dumps(_TOPIC))
    version = json.loads((like / "manifest.json").read_text())["version"]
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "OneResource.template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps({"version": version, "artifacts": {"OneResource": stack}}))
    return folder


UNCHANGED = (
    Scenario(
        name="nothing-changed",
        summary="what is deployed is deployed again, and something beside it: nothing is released",
        group="safety",
        expected=Outcome.UNCHANGED,
        checks=(none_failed, ends_on_live, ended(Outcome.UNCHANGED, Outcome.UNCHANGED)),
        play=_nothing_changed,
    ),
)
