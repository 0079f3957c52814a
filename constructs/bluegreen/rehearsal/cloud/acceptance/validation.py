"""What CloudFormation checks of a resource's properties before it asks the service: names, required ones, fixed values.

Values that the service itself would judge (patterns, lengths, what goes with what) are not checked.
"""

from collections.abc import Iterator
from typing import Any

from bluegreen.rehearsal.cloud.api import Document

from .schemas import Schema


def check(schema: Schema, properties: Document) -> None:
    """Refuse properties that CloudFormation refuses.

    Args:
        schema: The resource type's.
        properties: The resource's, with references resolved.

    Raises:
        ValueError: With every complaint, worded as CloudFormation words them.
    """
    complaints = list(_complaints(schema, schema.document, properties, "#"))
    read_only = {path for path in schema.read_only if "." not in path} & properties.keys()
    complaints += [f"#: extraneous key [{name}] is not permitted" for name in sorted(read_only)]
    if complaints:
        raise ValueError(f"Model validation failed ({', '.join(complaints)})")


def _complaints(schema: Schema, part: Document, value: Any, path: str) -> Iterator[str]:
    part = schema.resolve(part)
    match value:
        case dict():
            yield from _object_complaints(schema, part, value, path)
        case list():
            if part.get("type") in {"object", "string", "integer", "number", "boolean"}:
                yield f"{path}: expected type: {part['type'].capitalize()}, found: JSONArray"
            for number, item in enumerate(value):
                yield from _complaints(schema, part.get("items", {}), item, f"{path}/{number}")
        case _:
            allowed = part.get("enum")
            if allowed and str(value).lower() not in {str(one).lower() for one in allowed}:
                yield f"{path}: #: {value} is not a valid enum value; allowed: {', '.join(map(str, allowed))}"


def _object_complaints(schema: Schema, part: Document, value: Document, path: str) -> Iterator[str]:
    known = part.get("properties", {})
    for name in part.get("required", []):
        if name not in value:
            yield f"{path}: required key [{name}] not found"
    for name, item in value.items():
        if name in known:
            yield from _complaints(schema, known[name], item, f"{path}/{name}")
        elif known and part.get("additionalProperties") is False and not part.get("patternProperties"):
            yield f"{path}: extraneous key [{name}] is not permitted"
