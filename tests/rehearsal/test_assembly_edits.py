import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bluegreen.rehearsal.assembly_edits import ANY_VERSION, Assembly, AssemblyError, as_version, edited

RELEASE = {"Type": "Custom::Release", "Properties": {"Version": "v1"}, "Metadata": {"aws:cdk:path": "Shop/Orders"}}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write(folder: Path, name: str, document: dict[str, Any]) -> Path:
    file = folder / name
    file.write_text(json.dumps(document))
    return file


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """A stack with a stack nested in it, as the CDK synthesizes them: each template is an asset under its hash."""
    nested = write(tmp_path, "ShopNested.nested.template.json", {"Resources": {"Release": RELEASE}})
    url = {"Fn::Sub": f"https://assets/{digest(nested)}.json"}
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    root = write(tmp_path, "Shop.template.json", {"Resources": {"Nested": stack}})
    files = {
        digest(file): {"source": {"path": file.name}, "destinations": {"here": {"objectKey": f"{digest(file)}.json"}}}
        for file in (root, nested)
    }
    write(tmp_path, "Shop.assets.json", {"files": files})
    shop = {"properties": {"stackTemplateAssetObjectUrl": f"s3://assets/{digest(root)}.json"}}
    write(tmp_path, "manifest.json", {"artifacts": {"Shop": shop}})
    return tmp_path


def change(assembly: Assembly) -> None:
    release = assembly.one("Custom::Release", "Orders")
    release.properties["Version"] = "v2"
    assembly.add(release, "Topic", {"Type": "AWS::SNS::Topic"})


def test_what_changed_is_uploaded_under_a_name_of_its_own(assembly: Path) -> None:
    """A changed template, and the one of the stack around it, are new assets wherever they are named."""
    before = {file.name: digest(file) for file in assembly.glob("*.template.json")}
    edited(assembly, change)
    nested = assembly / "ShopNested.nested.template.json"
    resources = json.loads(nested.read_text())["Resources"]
    assert resources["Release"]["Properties"] == {"Version": "v2"}
    assert resources["Topic"] == {"Type": "AWS::SNS::Topic"}
    assert digest(nested) in (assembly / "Shop.template.json").read_text()
    files = json.loads((assembly / "Shop.assets.json").read_text())["files"]
    assert {name: found["source"]["path"] for name, found in files.items()} == {
        digest(assembly / name): name for name in before
    }
    everything = " ".join(file.read_text() for file in assembly.iterdir())
    assert not any(old in everything for old in before.values())
    assert digest(assembly / "Shop.template.json") in (assembly / "manifest.json").read_text()


def test_an_edit_that_changes_nothing_changes_no_file(assembly: Path) -> None:
    """What is the same keeps its name, so that nothing is uploaded or updated for it."""
    before = {file.name: file.read_text() for file in assembly.iterdir()}
    edited(assembly, lambda _: None)
    assert {file.name: file.read_text() for file in assembly.iterdir()} == before


@pytest.mark.parametrize(("kind", "path"), [("AWS::ECS::Service", ""), ("Custom::Release", "Billing")])
def test_a_resource_that_is_not_there_is_an_error(assembly: Path, kind: str, path: str) -> None:
    """A scenario that has nothing to change says so instead of proving nothing."""
    with pytest.raises(AssemblyError, match=f"there must be one {kind} with '{path}' in its path, got none"):
        Assembly(assembly).one(kind, path)


def test_what_was_synthesized_for_any_version_becomes_one(assembly: Path) -> None:
    """The version's name is written wherever a template has the one that stands for it, before other edits look."""

    def to_come(found: Assembly) -> None:
        found.one("Custom::Release").properties.update(Version=ANY_VERSION, Image=f"shop:{ANY_VERSION}")

    def look(found: Assembly) -> None:
        properties = found.one("Custom::Release").properties
        properties["Seen"] = properties["Image"]

    edited(assembly, to_come)
    edited(assembly, as_version("v7", look))
    release = json.loads((assembly / "ShopNested.nested.template.json").read_text())["Resources"]["Release"]
    assert release["Properties"] == {"Version": "v7", "Image": "shop:v7", "Seen": "shop:v7"}
