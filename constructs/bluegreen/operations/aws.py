"""AWS's clients, and its errors in a line that a person can act on."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.errors import BluegreenError

Clients = Callable[[str], Any]
"""Gives the client of a service, by its name in boto3."""

_LOG_IN = "log in, or name another profile in AWS_PROFILE; `aws sts get-caller-identity` shows who you are"
_UNUSABLE = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.ProfileNotFound,
    exceptions.SSOError,
)
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}


class OperationError(BluegreenError):
    """AWS refuses, cannot be reached, or does not have what was asked for."""


def clients() -> Clients:
    """Return the clients of the environment's account and region.

    A call of a function is waited for longer than the function may take, so that none is repeated while it runs.

    Raises:
        OperationError: If the profile of the environment does not exist.
    """
    config = Config(connect_timeout=10, read_timeout=90, retries={"mode": "standard", "total_max_attempts": 4})
    with errors_told():
        # As the AWS CLI and the cdk do; boto3 alone would know AWS_DEFAULT_REGION and the profile's.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))

    def client(service: str) -> Any:
        with errors_told():
            return session.client(service, config=config)  # type: ignore[call-overload]

    return client


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn what botocore raises inside into an error for people.

    Raises:
        OperationError: If botocore raised.
    """
    try:
        yield
    except ClientError as error:
        raise _refusal(error) from error
    except _UNUSABLE as error:
        raise OperationError(f"no usable AWS credentials: {_plain(error)}", hint=_LOG_IN) from error
    except exceptions.NoRegionError as error:
        raise OperationError("no AWS region is set", hint="set AWS_REGION, or a region in the profile") from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise OperationError(
            f"AWS cannot be reached: {_plain(error)}", hint="look at the network and at AWS_REGION, then try again"
        ) from error
    except BotoCoreError as error:
        raise OperationError(f"AWS was not asked: {_plain(error)}") from error


def _refusal(error: ClientError) -> OperationError:
    code = error.response.get("Error", {}).get("Code", "")
    said = f"{error.operation_name}: {_plain(error.response.get('Error', {}).get('Message') or code)}"
    if code in _EXPIRED:
        return OperationError(f"AWS does not take the credentials: {said}", hint=_LOG_IN)
    if code in _DENIED:
        return OperationError(f"AWS denies {said}", hint="use a role that may do this, or have it allowed")
    if code in _THROTTLED:
        return OperationError(f"AWS throttles {said}", hint="try again in a minute")
    return OperationError(f"AWS refuses {said}")


def _plain(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".")
