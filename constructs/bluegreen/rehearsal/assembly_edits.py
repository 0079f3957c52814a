"""Changes of a synthesized assembly: what another line in somebody's CDK code would have rendered.

A scenario that needs another subnet, or a resource that fails, changes the templates that the application really
synthesized, so that any application can be rehearsed, not only one written for it.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluegreen.errors import RehearsalError

_TEMPLATE = ".template.json"


class AssemblyError(RehearsalError):
    """The assembly does not hold what a scenario would change."""


@dataclass(frozen=True)
class Resource:
    """A resource of a template; what is changed in its documents is changed in the template.

    Args:
        template: The template's file name.
        logical_id: Its logical id.
        document: All of it: Type, Properties, DependsOn …
    """

    template: str
    logical_id: str
    document: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        """Its properties."""
        found: dict[str, Any] = self.document.setdefault("Properties", {})
        return found

    @property
    def path(self) -> str:
        """Where it is in the tree of constructs; empty when the template does not say."""
        return str(self.document.get("Metadata", {}).get("aws:cdk:path", ""))


class Assembly:
    """A synthesized assembly, `cdk.out`, with the nested assemblies of its stages and templates of nested stacks.

    Args:
        folder: The assembly.
    """

    def __init__(self, folder: Path) -> None:
        self._files = sorted(folder.rglob(f"*{_TEMPLATE}"))
        self._manifests = [*sorted(folder.rglob("manifest.json")), *sorted(folder.rglob("*.assets.json"))]
        self._texts = {file: file.read_text(encoding="utf-8") for file in self._files}
        self._templates: dict[Path, dict[str, Any]] = {file: json.loads(text) for file, text in self._texts.items()}

    def resources(self, kind: str, path: str = "") -> list[Resource]:
        """Return the resources of a type.

        Args:
            kind: The CloudFormation type.
            path: What the construct path or the logical id must contain; anything when omitted.
        """
        found = [
            Resource(file.name, logical_id, document)
            for file, template in self._templates.items()
            for logical_id, document in template.get("Resources", {}).items()
            if document["Type"] == kind
        ]
        return [resource for resource in found if path in resource.path or path in resource.logical_id]

    def one(self, kind: str, path: str = "") -> Resource:
        """Return the only resource of a type.

        Raises:
            AssemblyError: If there is none, or several.
        """
        found = self.resources(kind, path)
        if len(found) != 1:
            names = ", ".join(resource.logical_id for resource in found) or "none"
            raise AssemblyError(f"there must be one {kind} with {path!r} in its path, got {names}")
        return found[0]

    def add(self, beside: Resource, logical_id: str, document: dict[str, Any]) -> None:
        """Add a resource to the template that holds another one."""
        for file, template in self._templates.items():
            if file.name == beside.template:
                template["Resources"][logical_id] = document

    def rename(self, old: str, new: str) -> None:
        """Write one text instead of another wherever a template has it; resources that were found before are stale."""
        self._templates = {
            file: json.loads(json.dumps(template).replace(old, new)) for file, template in self._templates.items()
        }

    def save(self) -> None:
        """Write what changed, under new asset ids: under the old ones the CLI believes it uploaded already."""
        while changed := self._changed():
            for file, text in changed.items():
                old = _asset_id(self._manifests, file)
                file.write_text(text, encoding="utf-8")
                self._texts[file] = text
                if old:
                    self._rename(old, hashlib.sha256(text.encode()).hexdigest())

    def _changed(self) -> dict[Path, str]:
        texts = {file: json.dumps(template, indent=1) for file, template in self._templates.items()}
        return {file: text for file, text in texts.items() if self._templates[file] != json.loads(self._texts[file])}

    def _rename(self, old: str, new: str) -> None:
        """Name an asset anew wherever it is named: in manifests, and in the template of the stack it is nested in."""
        for file in self._manifests:
            file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        for file, template in self._templates.items():
            text = json.dumps(template)
            if old in text:
                self._templates[file] = json.loads(text.replace(old, new))


Edit = Callable[[Assembly], None]
"""Changes an assembly before it is deployed."""

ANY_VERSION = "version-to-come"
"""A version that occurs nowhere else: what was synthesized for it is what any other version gives, but for its name."""


def as_version(version: str, edit: Edit | None) -> Edit:
    """Return an edit that makes a version of what was synthesized for `ANY_VERSION`, and then another edit of it."""

    def edit_version(assembly: Assembly) -> None:
        assembly.rename(ANY_VERSION, version)
        if edit is not None:
            edit(assembly)

    return edit_version


def edited(folder: Path, edit: Edit) -> None:
    """Change an assembly in place."""
    assembly = Assembly(folder)
    edit(assembly)
    assembly.save()


def _asset_id(manifests: list[Path], template: Path) -> str:
    for file in manifests:
        if file.parent != template.parent or not file.name.endswith(".assets.json"):
            continue
        for asset, found in json.loads(file.read_text(encoding="utf-8")).get("files", {}).items():
            if found.get("source", {}).get("path") == template.name:
                return str(asset)
    return ""
