"""boto3 clients with short timeouts and bounded retries, and how to read what they raise."""

import functools
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})

_PASSING_CODES = {
    "AccessDenied",  # a policy that was changed by this very update may need a moment
    "AccessDeniedException",
    "InternalError",
    "InternalFailure",
    "KMSThrottling",
    "LimitExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "ServerException",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_SERVER_ERROR = 500


@functools.cache
def client(service: str) -> Any:
    """Return the boto3 client of a service."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload] # a name known only at run time


def code_of(error: ClientError) -> str:
    """Return AWS's code of an error, such as "ThrottlingException"."""
    return str(error.response.get("Error", {}).get("Code", ""))


def may_pass(error: Exception) -> bool:
    """Return whether an error says nothing about the request itself, so that asking again later is right."""
    if isinstance(error, HTTPClientError | NoConnectionError):
        return True  # no connection, a time limit, an answer cut short
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in _PASSING_CODES or status >= _SERVER_ERROR


def describe(error: Exception) -> str:
    """Return an error in one line: code and message as AWS gave them."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {code_of(error)}: {error.response.get('Error', {}).get('Message', '')}"
    return f"{type(error).__name__}: {error}"
