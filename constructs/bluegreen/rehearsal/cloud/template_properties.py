"""Turns a CloudFormation resource's properties, and its name, into the request of the API operation behind it.

Both describe the same things, but CloudFormation capitalizes names differently and may give every leaf as a string.
"""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .api import Document
from .protocol import service_model

_CASTS = {"integer": int, "long": int, "float": float, "double": float, "string": str}


def as_request(botocore_name: str, operation: str, properties: Document) -> Document:
    """Return the request that creates what the properties describe.

    Args:
        botocore_name: The service, such as "codedeploy".
        operation: The operation, such as "CreateDeploymentGroup".
        properties: The resource's properties, with references resolved.

    Raises:
        ValueError: If the operation takes no such property, or a value is of another type.

    Example:
        >>> as_request("codedeploy", "CreateApplication", {"ApplicationName": "orders", "ComputePlatform": "ECS"})
        {'applicationName': 'orders', 'computePlatform': 'ECS'}
    """
    request = _convert(service_model(botocore_name).operation_model(operation).input_shape, properties, "")
    if not isinstance(request, dict):
        raise TypeError(f"{operation} takes no parameters")
    return request


def as_shape(shape: Shape, value: Any) -> Any:
    """Return a value with the names and the types of one of botocore's shapes.

    Raises:
        ValueError: If the shape has no such member, or a value is of another type.
    """
    return _convert(shape, value, "")


def short_name(name: str, longest: int) -> str:
    """Shorten a name that CloudFormation made to what a service allows, keeping its unique end, as CloudFormation does.

    Example:
        >>> short_name("ProdStack-OrdersBlueTargetGroup1A2B3C4D-0123456789AB", 32)
        'ProdStack-OrdersBlu-0123456789AB'
    """
    if len(name) <= longest:
        return name
    head, _, tail = name.rpartition("-")
    return f"{head[: longest - len(tail) - 1].rstrip('-')}-{tail}"


def _convert(shape: Shape | None, value: Any, path: str) -> Any:
    match shape:
        case StructureShape() if isinstance(value, dict):
            members = {name.lower(): name for name in shape.members}
            unknown = [f"{path}{name}" for name in value if name.lower() not in members]
            if unknown:
                raise ValueError(f"unknown properties: {', '.join(unknown)}; known here: {', '.join(shape.members)}")
            names = ((name, members[name.lower()]) for name in value if value[name] is not None)
            return {member: _convert(shape.members[member], value[name], f"{path}{name}.") for name, member in names}
        case ListShape() if isinstance(value, list):
            return [_convert(shape.member, item, path) for item in value]
        case MapShape() if path == "Tags." and isinstance(value, list):
            # Templates list tags, with Key and Value; some APIs take a map.
            return {tag["Key"]: tag["Value"] for tag in value}
        case MapShape() if isinstance(value, dict):
            return {key: _convert(shape.value, item, path) for key, item in value.items()}
    return _leaf(shape.type_name if shape else "", value, path.rstrip("."))


def _leaf(type_name: str, value: Any, path: str) -> Any:
    if not isinstance(value, str | int | float) or type_name not in {*_CASTS, "boolean"}:
        raise ValueError(f"{path} must be a {type_name}, got {value!r}")
    if type_name == "boolean":
        if str(value).lower() not in {"true", "false"}:
            raise ValueError(f"{path} must be true or false, got {value!r}")
        return str(value).lower() == "true"
    try:
        return _CASTS[type_name](value)
    except ValueError as error:
        raise ValueError(f"{path} must be a {type_name}, got {value!r}") from error
