"""AWS's wire protocols, driven by botocore's service models: requests in, responses and errors out.

Only the two protocols that the emulated services speak: JSON 1.1 and Query (form in, XML out).
"""

import functools
import json
import urllib.parse
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator

from .api import ApiError, Document

Response = tuple[int, dict[str, str], bytes]
"""Status, headers and body: what ministack's dispatch tables expect of a handler."""

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@functools.cache
def service_model(botocore_name: str) -> ServiceModel:
    """Return botocore's model of a service."""
    return botocore.session.get_session().get_service_model(botocore_name)


def call(service: Any, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]) -> Response:
    """Decode a request, call the method that implements it, and encode what it returns or refuses.

    Args:
        service: An object that follows `api.Service`.
        headers: The request's headers, with lower-case names.
        body: The request's body.
        query: The request's query parameters.

    Returns:
        The response; an `ApiError` becomes an error document in the service's own protocol.
    """
    model = service_model(service.botocore_name)
    xml = model.resolved_protocol == "query"
    try:
        operation, request = _decode_query(model, body, query) if xml else _decode_json(model, headers, body)
        result = _perform(service, operation, request)
    except ApiError as error:
        return refuse(service, error)
    return _xml_result(operation, result) if xml else _json_result(operation, result)


def refuse(service: Any, error: ApiError) -> Response:
    """Return an error document in a service's own protocol."""
    model = service_model(service.botocore_name)
    return _xml_error(model, error) if model.resolved_protocol == "query" else _json_error(error)


def _perform(service: Any, operation: OperationModel, request: Document) -> Document:
    method = getattr(service, xform_name(operation.name), None)
    if method is None:
        missing = f"the local cloud does not emulate {service.botocore_name}:{operation.name}"
        raise ApiError("NotImplementedException", missing, status=501)
    if operation.input_shape is not None:
        report = ParamValidator().validate(request, operation.input_shape)
        if report.has_errors():
            raise ApiError("ValidationException", report.generate_report())
    return method(request) or {}


# --- JSON 1.1 -------------------------------------------------------------------------------------------------------


def _decode_json(model: ServiceModel, headers: Mapping[str, str], body: bytes) -> tuple[OperationModel, Document]:
    target = headers.get("x-amz-target", "")
    name = target.rpartition(".")[2]
    if name not in model.operation_names:
        raise ApiError("UnknownOperationException", f"{model.service_name} has no operation {target!r}")
    return model.operation_model(name), json.loads(body or b"{}")


def _json_result(operation: OperationModel, result: Document) -> Response:
    shape = operation.output_shape
    document = _plain(shape, result) if shape else {}
    return 200, _headers("application/x-amz-json-1.1"), json.dumps(document).encode()


def _json_error(error: ApiError) -> Response:
    headers = _headers("application/x-amz-json-1.1") | {"x-amzn-errortype": error.code}
    body = {"__type": error.code, "message": error.message, "Message": error.message}
    return error.status, headers, json.dumps(body).encode()


def _plain(shape: Shape, value: Any) -> Any:
    """Turn a response into JSON's types: timestamps become seconds, and members the model lacks are dropped."""
    match shape:
        case StructureShape():
            members = shape.members
            return {k: _plain(members[k], v) for k, v in value.items() if k in members and v is not None}
        case ListShape():
            return [_plain(shape.member, item) for item in value]
        case MapShape():
            return {key: _plain(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return _seconds(value)
    return value


def _seconds(value: Any) -> float:
    return value.timestamp() if isinstance(value, datetime) else float(value)


# --- Query ----------------------------------------------------------------------------------------------------------


def _decode_query(model: ServiceModel, body: bytes, query: Mapping[str, Any]) -> tuple[OperationModel, Document]:
    form = {key: value[0] if isinstance(value, list) else value for key, value in query.items()}
    form.update(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    name = form.get("Action", "")
    if name not in model.operation_names:
        raise ApiError("InvalidAction", f"{model.service_name} has no operation {name!r}")
    operation = model.operation_model(name)
    request = _from_form(operation.input_shape, form, "") if operation.input_shape else {}
    return operation, request or {}


def _from_form(shape: Shape, form: Mapping[str, str], prefix: str) -> Any:
    """Read the value of `shape` that starts at `prefix`; None when the form has nothing there."""
    match shape:
        case StructureShape():
            members = {
                name: _from_form(member, form, _join(prefix, member.serialization.get("name", name)))
                for name, member in shape.members.items()
            }
            found = {name: value for name, value in members.items() if value is not None}
            return found or ({} if prefix in form else None)
        case ListShape():
            return _list_from_form(shape, form, prefix)
        case MapShape() if any(key.startswith(f"{prefix}.") for key in form):
            raise ApiError("InvalidAction", f"the local cloud does not read maps in forms ({prefix})", status=501)
    return _scalar(shape, form[prefix]) if prefix in form else None


def _list_from_form(shape: ListShape, form: Mapping[str, str], prefix: str) -> list[Any] | None:
    member_name = shape.member.serialization.get("name", "member")
    items: list[Any] = []
    while True:
        position = _join(prefix, member_name, str(len(items) + 1))
        if not any(key == position or key.startswith(f"{position}.") for key in form):
            break
        items.append(_from_form(shape.member, form, position))
    return items or ([] if prefix in form else None)


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _scalar(shape: Shape, text: str) -> Any:
    match shape.type_name:
        case "integer" | "long":
            return int(text)
        case "float" | "double":
            return float(text)
        case "boolean":
            return _BOOLEANS[text.lower()]
        case "timestamp":
            return parse_timestamp(text)
    return text


def _xml_result(operation: OperationModel, result: Document) -> Response:
    root = ET.Element(f"{operation.name}Response", xmlns=operation.service_model.metadata.get("xmlNamespace", ""))
    shape = operation.output_shape
    if shape is not None:
        _to_xml(shape, result, root, shape.serialization.get("resultWrapper", f"{operation.name}Result"))
    _request_id(root)
    return 200, _headers("text/xml"), ET.tostring(root)


def _to_xml(shape: Shape, value: Any, parent: ET.Element, name: str) -> None:
    element = ET.SubElement(parent, name)
    match shape:
        case StructureShape():
            for key, member in shape.members.items():
                if value.get(key) is not None:
                    _to_xml(member, value[key], element, member.serialization.get("name", key))
        case ListShape():
            for item in value:
                _to_xml(shape.member, item, element, shape.member.serialization.get("name", "member"))
        case MapShape():
            for key, item in value.items():
                entry = ET.SubElement(element, "entry")
                _to_xml(shape.key, key, entry, "key")
                _to_xml(shape.value, item, entry, "value")
        case _:
            element.text = _text(shape, value)


def _text(shape: Shape, value: Any) -> str:
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(_seconds(value), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return str(value)


def _xml_error(model: ServiceModel, error: ApiError) -> Response:
    root = ET.Element("ErrorResponse", xmlns=model.metadata.get("xmlNamespace", ""))
    detail = ET.SubElement(root, "Error")
    kind = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's boundary
    for name, text in (("Type", kind), ("Code", error.code), ("Message", error.message)):
        ET.SubElement(detail, name).text = text
    _request_id(root)
    return error.status, _headers("text/xml"), ET.tostring(root)


def _request_id(root: ET.Element) -> None:
    metadata = ET.SubElement(root, "ResponseMetadata")
    ET.SubElement(metadata, "RequestId").text = str(uuid.uuid4())


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-amzn-requestid": str(uuid.uuid4())}
