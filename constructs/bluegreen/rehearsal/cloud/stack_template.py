"""A template together with the values that its references and policies are resolved with."""
# ruff: noqa: SLF001 - every name of ministack's that is used here is in NAMES, which extension.py checks

import copy
import importlib
from dataclasses import dataclass
from typing import Any

from .api import Document

MODULE = "ministack.services.cloudformation.stacks"
NAMES = (
    "_extract_deps",
    "_NO_VALUE",
    "_resolve_dynamic_references",
    "_resolve_refs",
    "_resolve_stack_outputs",
    "_resource_policy",
    "_RETAINING_POLICIES",
    "_topological_sort",
    "_with_stack_tags",
)
"""What is read there; checked before anything starts."""


def ministack() -> Any:
    """Return ministack's module of stacks; imported late, for its environment must be prepared before."""
    return importlib.import_module(MODULE)


@dataclass(frozen=True)
class StackTemplate:
    """A template and what it is resolved with.

    Attributes:
        stack_name: The stack.
        stack_id: Its ARN.
        body: The template.
        parameters: The parameters' values, as ministack resolved them.
        conditions: Whether each condition holds.
        records: The stack's resources as ministack records them, by logical id.
        tags: The stack's tags.
    """

    stack_name: str
    stack_id: str
    body: Document
    parameters: Document
    conditions: Document
    records: Document
    tags: list[Document]

    @classmethod
    def of(cls, stack_name: str, stack_id: str, stack: Document) -> "StackTemplate":
        """Return the template that a stack was last deployed with.

        Args:
            stack_name: The stack.
            stack_id: Its ARN.
            stack: ministack's record of it.
        """
        return cls(
            stack_name,
            stack_id,
            stack.get("_template", {}),
            stack.get("_resolved_params", {}),
            stack.get("_conditions", {}),
            stack.get("_resources", {}),
            stack.get("Tags") or [],
        )

    @property
    def definitions(self) -> Document:
        """The template's resources by logical id, also those whose condition does not hold."""
        definitions: Document = self.body.get("Resources", {})
        return definitions

    def order(self) -> list[str]:
        """Return the logical ids of the resources whose condition holds, dependencies first.

        Raises:
            ValueError: If resources refer to each other in a circle.
        """
        ordered: list[str] = ministack()._topological_sort(self.definitions, self.conditions)
        return ordered

    def needs(self, name: str, among: set[str]) -> set[str]:
        """Return which of the other resources a resource refers to or depends on."""
        found: set[str] = ministack()._extract_deps(self.definitions[name], among)
        return found - {name}

    def kind(self, name: str) -> str:
        """Return a resource's type."""
        return str(self.definitions[name].get("Type", "AWS::CloudFormation::CustomResource"))

    def properties(self, name: str, known: Any, *, reuse_ssm: bool, reuse_secrets: bool) -> tuple[Document, Any]:
        """Return a resource's properties with what they refer to now, and the values of its dynamic references.

        Args:
            name: The resource's logical id.
            known: The values of its dynamic references when it was last deployed; None for a new resource.
            reuse_ssm: Take the known values of parameters of Systems Manager.
            reuse_secrets: Take the known values of secrets.
        """
        stacks = ministack()
        raw = copy.deepcopy(self.definitions[name].get("Properties", {}))
        resolved = stacks._resolve_refs(raw, self.records, *self._values())
        given = {key: value for key, value in resolved.items() if value is not stacks._NO_VALUE}
        properties, dynamic = stacks._resolve_dynamic_references(
            given, known, reuse_ssm=reuse_ssm, reuse_secrets=reuse_secrets
        )
        return properties, dynamic

    def tagged(self, name: str, kind: str, properties: Document) -> Document:
        """Return a resource's properties with the stack's tags, as its type carries them."""
        where = (self.stack_name, self.stack_id, name)
        tagged: Document = ministack()._with_stack_tags(kind, properties, self.tags, *where)
        return tagged

    def policy(self, name: str, attribute: str) -> str:
        """Return a resource's DeletionPolicy or UpdateReplacePolicy."""
        definition = self.definitions.get(name)
        return str(ministack()._resource_policy(definition, attribute, self.records, *self._values()))

    def retains(self, name: str, attribute: str) -> bool:
        """Tell whether a policy keeps the resource when the stack gives it up."""
        return self.policy(name, attribute) in ministack()._RETAINING_POLICIES

    def outputs(self, names: list[str]) -> tuple[list[Document], Document]:
        """Return the stack's outputs and exports; only the named resources may be referred to."""
        staying = {name: record for name, record in self.records.items() if name in names}
        parameters, conditions, *rest = self._values()
        outputs: tuple[list[Document], Document] = ministack()._resolve_stack_outputs(
            self.body.get("Outputs", {}), conditions, staying, parameters, *rest
        )
        return outputs

    def _values(self) -> tuple[Any, ...]:
        """Return what follows the resources in each of ministack's calls that resolve something."""
        return self.parameters, self.conditions, self.body.get("Mappings", {}), self.stack_name, self.stack_id
