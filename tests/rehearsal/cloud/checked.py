"""Holds an emulated service against botocore's model of the real one, call by call."""

from collections.abc import Callable
from typing import Any

from botocore import xform_name
from botocore.validate import ParamValidator

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.protocol import service_model


class Checked:
    """Calls a service's operations; fails when a request or a response does not fit the model."""

    def __init__(self, service: Any) -> None:
        self._service = service
        model = service_model(service.botocore_name)
        self._operations = {xform_name(name): model.operation_model(name) for name in model.operation_names}

    def __getattr__(self, name: str) -> Callable[..., Document]:
        operation, method = self._operations[name], getattr(self._service, name)

        def call(**request: Any) -> Document:
            check(operation.input_shape, request, f"{name} request")
            response = method(request)
            check(operation.output_shape, response or {}, f"{name} response")
            return response or {}

        return call


def check(shape: Any, document: Document, what: str) -> None:
    """Fail when a document does not fit a shape."""
    if shape is None:
        assert not document, f"{what} must be empty, got {document}"
        return
    report = ParamValidator().validate(document, shape)
    assert not report.has_errors(), f"{what}: {report.generate_report()}"
