"""One synth of every environment: `python benchmarks/environments.py KIND FOLDER [BLUEPRINT]`, timed from outside.

KIND "reference" synthesizes stacks/ into FOLDER. KIND "bare" defines the same resources with nothing but the CDK's
CfnResource, read from the templates in BLUEPRINT, after it has imported the same modules of the CDK: what is left to
compare is what the constructs themselves cost.
"""

import importlib
import json
import sys
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
        _bare(Path(folder), Path(blueprint))


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


def _bare(folder: Path, blueprint: Path) -> None:
    import aws_cdk as cdk  # noqa: PLC0415 - measured

    for name in json.loads((blueprint / MODULES).read_text()):
        _load(importlib.import_module(name))
    app = cdk.App(outdir=str(folder), context=_context())
    for path in sorted(blueprint.glob("*.template.json")):
        stack = cdk.Stack(app, path.name.removesuffix(".template.json"))
        for logical_id, resource in json.loads(path.read_text())["Resources"].items():
            cdk.CfnResource(stack, logical_id, type=resource["Type"], properties=resource.get("Properties", {}))
    app.synth()


def _load(module: Any) -> None:
    """Have Node load a module of the CDK as well: importing it in Python alone does not."""
    for name in vars(module):
        if name.startswith("Cfn") and hasattr(getattr(module, name), "CFN_RESOURCE_TYPE_NAME"):
            return  # looking at it is what loads it


if __name__ == "__main__":
    main(*sys.argv[1:])
