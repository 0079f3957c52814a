"""Group release, and the end of whatever is played: the whole environment is destroyed, as far as it lets itself be."""

import json
import re
from typing import Any

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .estate_inventory import inventory, told
from .scenario import Scenario

_OUTLIVING = frozenset({"log group", "task definition"})
"""What was written can be read later, and an old version be brought back."""

_IMPORT = re.compile(r'"Fn::ImportValue": "([^"]+)"')
_GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})


def destroyed(stage: Stage) -> None:
    """Destroy the stack, then the stacks that it took something from, which refuse until their protection is off."""
    below = _stacks_below(stage)
    name = stage.stack
    identifier = _described(stage, name)["StackId"]
    stage.expect_outcome(stage.destroy(), Outcome.DELETED)
    _expect_gone(stage, identifier)
    left = {kind: [one for one in ids if f"{name}-" in one] for kind, ids in inventory(stage.client).items()}
    wrong = {kind: ids for kind, ids in left.items() if ids and kind not in _OUTLIVING}
    stage.expect(not wrong, f"cdk destroy left {told(wrong)}")
    for stack in below:
        _destroy_protected(stage, stack)


def _stacks_below(stage: Stage) -> list[str]:
    """Return the stacks whose exports the stack imports."""
    cloudformation = stage.client("cloudformation")
    template = cloudformation.get_template(StackName=stage.stack)["TemplateBody"]
    imported = set(_IMPORT.findall(template if isinstance(template, str) else json.dumps(template)))
    exports = [one for page in cloudformation.get_paginator("list_exports").paginate() for one in page["Exports"]]
    return sorted({one["ExportingStackId"].split("/")[1] for one in exports if one["Name"] in imported})


def _destroy_protected(stage: Stage, stack: str) -> None:
    """Destroy a stack that holds data: each of its protections refuses first, and then nothing has been lost."""
    described, version = _described(stage, stack), {"version": stage.live}
    if described.get("EnableTerminationProtection"):
        refused = stage.destroy(stack=stack, context=version)
        stage.expect(refused.exit_code, f"cdk destroy of {stack} must be refused while it is protected")
        stage.expect(_described(stage, stack)["StackStatus"] == described["StackStatus"], f"{stack} must be as it was")
        protection = {"StackName": stack, "EnableTerminationProtection": False}
        stage.client("cloudformation").update_termination_protection(**protection)
    databases = _protected_databases(stage, described["StackId"])
    if databases:
        refused = stage.destroy(stack=stack, context=version)
        stage.expect(refused.exit_code, f"{stack} must not be deleted while {', '.join(databases)} is protected")
        stage.expect(_protected_databases(stage, described["StackId"]) == databases, "the databases must be left alone")
    for one in databases:
        changed = {"DBInstanceIdentifier": one, "DeletionProtection": False, "ApplyImmediately": True}
        stage.client("rds").modify_db_instance(**changed)
    stage.expect_outcome(stage.destroy(stack=stack, context=version), Outcome.DELETED)
    _expect_gone(stage, described["StackId"])
    kept = {one["DBInstanceIdentifier"] for one in stage.client("rds").describe_db_snapshots()["DBSnapshots"]}
    stage.expect(set(databases) <= kept, f"a snapshot of {', '.join(databases)} must be kept, got those of {kept}")


def _expect_gone(stage: Stage, identifier: str) -> None:
    """Expect every resource of a stack to be deleted, or kept on purpose."""
    pages = stage.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=identifier)
    last: dict[str, str] = {}
    for event in (one for page in pages for one in page["StackEvents"]):  # the newest first
        last.setdefault(event["LogicalResourceId"], event["ResourceStatus"])
    left = sorted(f"{name} {status}" for name, status in last.items() if status not in _GONE)
    stage.expect(not left, f"{identifier.split('/')[1]} is gone, but not all of it: {', '.join(left)}")
    name = identifier.split("/")[1]
    stage.figures[f"resources_kept_of_{name}"] = sum(status == "DELETE_SKIPPED" for status in last.values())


def _protected_databases(stage: Stage, stack_id: str) -> list[str]:
    resources = stage.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_id)
    found = [one for page in resources for one in page["StackResourceSummaries"]]
    ours = {one["PhysicalResourceId"] for one in found if one["ResourceType"] == "AWS::RDS::DBInstance"}
    instances = stage.client("rds").describe_db_instances()["DBInstances"]
    return sorted(
        one["DBInstanceIdentifier"]
        for one in instances
        if one["DBInstanceIdentifier"] in ours and one.get("DeletionProtection")
    )


def _described(stage: Stage, stack: str) -> dict[str, Any]:
    (found,) = stage.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return dict(found)


DESTROYED = (
    Scenario(
        name="destroyed",
        summary="cdk destroy ends clean; what holds data below the stack refuses until its protection is off",
        group="release",
        expected=Outcome.DELETED,
        play=destroyed,
        fewest_per_second=0,
    ),
)
