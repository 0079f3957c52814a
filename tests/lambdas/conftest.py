"""Fake AWS clients that refuse what botocore's models do not know, and a real HTTP(S) server."""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.validate import ParamValidator

ROOT = Path(__file__).parent.parent.parent
# In a function's zip these folders are the root.
sys.path[:0] = [str(ROOT / "lambdas" / name) for name in ("lifecycle", "release")]

import aws_clients  # noqa: E402 - found through the line above
import hook_runtime  # noqa: E402

Answer = Callable[..., Any]


class FakeAws:
    """Answers each operation as told, records every call, and checks requests against botocore's models."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}

    def client(self, service: str) -> "FakeClient":
        return FakeClient(self, service)

    def called(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of every call of an operation, such as "codedeploy.create_deployment"."""
        return [parameters for name, parameters in self.calls if name == operation]


@functools.cache
def request_shapes(service: str) -> dict[str, Shape | None]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): model.operation_model(name).input_shape for name in model.operation_names}


class FakeClient:
    def __init__(self, fake: FakeAws, service: str) -> None:
        self._fake = fake
        self._service = service
        self._shapes = request_shapes(service)

    def __getattr__(self, operation: str) -> Answer:
        def call(**parameters: Any) -> Any:
            shape = self._shapes[operation]
            assert shape is not None, f"{operation} takes no parameters"
            report = ParamValidator().validate(parameters, shape)
            assert not report.has_errors(), report.generate_report()
            name = f"{self._service}.{operation}"
            self._fake.calls.append((name, parameters))
            answer = self._fake.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer(**parameters) if callable(answer) else answer

        return call

    def get_paginator(self, operation: str) -> "FakePaginator":
        return FakePaginator(getattr(self, operation))


class FakePaginator:
    def __init__(self, call: Answer) -> None:
        self._call = call

    def paginate(self, **parameters: Any) -> Iterator[Any]:
        yield self._call(**parameters)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """AWS as the functions see it."""
    fake = FakeAws()
    monkeypatch.setattr(aws_clients, "client", fake.client)
    monkeypatch.setattr(hook_runtime, "client", fake.client)
    return fake


@pytest.fixture
def refusal() -> Callable[..., ClientError]:
    """Makes the error that boto3 raises when AWS refuses."""

    def make(code: str, status: int = 400) -> ClientError:
        metadata = {"HTTPStatusCode": status}
        return ClientError({"Error": {"Code": code, "Message": f"told {code}"}, "ResponseMetadata": metadata}, "Ask")  # type: ignore[typeddict-item] # as much of the response as is read

    return make
