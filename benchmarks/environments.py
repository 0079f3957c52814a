"""One synth of every environment: `python benchmarks/environments.py KIND FOLDER [BLUEPRINT]`, timed from outside.

KIND "reference" synthesizes stacks/ into FOLDER. The others define the same resources with nothing but the CDK's
CfnResource, as the templates in BLUEPRINT state them, after they have imported the same modules of the CDK: what is
left to compare is what the constructs themselves cost. With KIND "bare", resources refer to each other and to the
account as the code of a CDK app has them do: by attributes, dependencies and pseudo parameters, in texts as well. With
KIND "copied" they state what such references come to: the least that any synth could take, and no app is written so.
(In app.py, "bare" is an app of the CDK's constructs for people; nobody has written all environments in those.)
"""

import importlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
MODULES = "modules.json"
"""The file of FOLDER that names the CDK's modules which a synth of the reference imported."""


def main(kind: str, folder: str, blueprint: str = "") -> None:
    """Synthesize every environment into `folder`."""
    if kind == "reference":
        _reference(Path(folder))
    else:
        _bare(Path(folder), Path(blueprint), referring=kind == "bare")


def _context() -> dict[str, object]:
    context: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def _reference(folder: Path) -> None:
    import aws_cdk as cdk  # noqa: PLC0415 - measured

    from stacks.environments import ENVIRONMENTS  # noqa: PLC0415
    from stacks.reference import define_reference  # noqa: PLC0415

    app = cdk.App(outdir=str(folder), context=_context())
    define_reference(app, list(ENVIRONMENTS.values()), version="v1")
    app.synth()
    modules = sorted(name for name in sys.modules if name.startswith("aws_cdk.aws_") and name.count(".") == 1)
    (folder / MODULES).write_text(json.dumps(modules))


def _bare(folder: Path, blueprint: Path, *, referring: bool) -> None:
    import aws_cdk as cdk  # noqa: PLC0415 - measured

    for name in json.loads((blueprint / MODULES).read_text()):
        _load(importlib.import_module(name))
    app = cdk.App(outdir=str(folder), context=_context())
    for path in sorted(blueprint.glob("*.template.json")):
        stack = cdk.Stack(app, path.name.removesuffix(".template.json"))
        stated = json.loads(path.read_text())["Resources"]
        if referring:
            _Referring(stack, stated).define()
        else:
            for logical_id, resource in stated.items():
                cdk.CfnResource(stack, logical_id, type=resource["Type"], properties=resource.get("Properties", {}))
    app.synth()


class _Referring:
    """Defines a stack's resources, each after those that it refers to; each attribute is looked at once."""

    def __init__(self, stack: Any, stated: dict[str, Any]) -> None:
        self._stack, self._stated = stack, stated
        self._resource = cache(self._define)
        self._attribute = cache(self._look_at)

    def define(self) -> None:
        for logical_id in self._stated:
            self._resource(logical_id)

    def _define(self, logical_id: str) -> Any:
        from aws_cdk import CfnResource  # noqa: PLC0415 - measured

        stated = self._stated[logical_id]
        properties = self._with_references(stated.get("Properties", {}))
        resource = CfnResource(self._stack, logical_id, type=stated["Type"], properties=properties)
        needed = stated.get("DependsOn", [])
        for other in [needed] if isinstance(needed, str) else needed:
            resource.add_resource_dependency(self._resource(other))
        return resource

    def _look_at(self, logical_id: str, attribute: str | None = None) -> Any:
        from aws_cdk import Aws, Token  # noqa: PLC0415 - measured

        if logical_id.startswith("AWS::"):
            return getattr(Aws, re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", logical_id.removeprefix("AWS::")).upper())
        resource = self._resource(logical_id)
        return Token.as_string(resource.get_att(attribute)) if attribute else resource.ref

    def _with_references(self, value: Any) -> Any:
        match value:
            case {"Fn::GetAtt": [str(logical_id), str(attribute)]}:
                return self._attribute(logical_id, attribute)
            case {"Ref": str(name)}:
                return self._attribute(name)
            case {"Fn::Join": ["", [*parts]]} if all(map(_is_text, parts)):
                return "".join(map(self._with_references, parts))
            case dict():
                return {key: self._with_references(one) for key, one in value.items()}
            case list():
                return [self._with_references(one) for one in value]
        return value


def _is_text(part: Any) -> bool:
    """Tell whether code would write a part of a joined text into an f-string."""
    return isinstance(part, str) or next(iter(part)) in {"Ref", "Fn::GetAtt"}


def _load(module: Any) -> None:
    """Have Node load a module of the CDK as well: importing it in Python alone does not."""
    for name in vars(module):
        if name.startswith("Cfn") and hasattr(getattr(module, name), "CFN_RESOURCE_TYPE_NAME"):
            return  # looking at it is what loads it


if __name__ == "__main__":
    main(*sys.argv[1:])
