"""A resource type that is accepted by AWS's schema of it, with nothing behind it."""

from typing import Any

from bluegreen.rehearsal.cloud.api import Created, Document

from . import validation, values
from .schemas import Schema, schema
from .values import Where


class AcceptedType:
    """A resource type with no behaviour; its schema is read when the first resource is made.

    Args:
        type_name: One of AWS's types.
        where: The region and the account.
    """

    def __init__(self, type_name: str, where: Where) -> None:
        self.type_name = type_name
        self._where = where
        self._made: dict[str, Created] = {}

    def create(self, name: str, properties: Document) -> Created:
        """Accept a resource.

        Args:
            name: The physical name to use when the properties give none.
            properties: The resource's, with references resolved.

        Raises:
            ValueError: If CloudFormation refuses its properties.
        """
        validation.check(self._schema, properties)
        created = values.make_up(self._schema, name, properties, self._where)
        self._made[created.physical_id] = created
        return created

    def update(self, physical_id: str, name: str, old: Document, new: Document) -> Created:
        """Accept a change; the result is another resource when a property changed that cannot be changed in place.

        Args:
            physical_id: What `Ref` returned so far.
            name: The physical name to use if the change makes a new resource.
            old: The properties that it had.
            new: Those that it is to have.

        Raises:
            ValueError: If CloudFormation refuses the properties, or would have to make a second resource of one name.
        """
        validation.check(self._schema, new)
        changed = {path for path in self._schema.create_only if _value(old, path) != _value(new, path)}
        if not changed:
            return self._made[physical_id]
        names = [path for path in self._schema.identifiers if path not in self._schema.read_only]
        if names and not changed.intersection(names) and all(_value(new, path) for path in names):
            raise ValueError(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {physical_id} and update the stack again."
            )
        return self.create(name, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - CloudFormation gives both
        """Accept the deletion."""
        self._made.pop(physical_id, None)

    @property
    def _schema(self) -> Schema:
        return schema(self.type_name)


def _value(properties: Document, path: str) -> Any:
    found: Any = properties
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
