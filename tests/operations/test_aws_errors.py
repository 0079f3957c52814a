import pytest
from botocore import exceptions

from bluegreen.operations.aws import OperationError, clients, errors_told
from tests.operations.deployed import refusal


@pytest.mark.parametrize(
    ("raised", "said", "hint"),
    [
        (exceptions.NoCredentialsError(), "no usable AWS credentials: Unable to locate credentials", "log in"),
        (exceptions.ProfileNotFound(profile="x"), "no usable AWS credentials: The config profile (x)", "log in"),
        (exceptions.UnauthorizedSSOTokenError(), "no usable AWS credentials: The SSO session", "log in"),
        (exceptions.NoRegionError(), "no AWS region is set", "set AWS_REGION"),
        (exceptions.EndpointConnectionError(endpoint_url="http://x"), "AWS cannot be reached: Could not", "network"),
        (exceptions.ReadTimeoutError(endpoint_url="http://x"), "AWS cannot be reached: Read timeout", "network"),
        (exceptions.ParamValidationError(report="too short"), "AWS was not asked: Parameter validation", None),
        (
            refusal("ExpiredTokenException", "it expired."),
            "AWS does not take the credentials: Invoke: it exp",
            "log in",
        ),
        (refusal("AccessDeniedException", "no."), "AWS denies Invoke: no", "a role that may"),
        (refusal("TooManyRequestsException", "Rate exceeded"), "AWS throttles Invoke: Rate exceeded", "in a minute"),
        (refusal("ResourceNotFoundException", "Function\nnot found"), "AWS refuses Invoke: Function not found", None),
    ],
)
def test_each_error_of_aws_is_one_line_and_a_hint(raised: Exception, said: str, hint: str | None) -> None:
    """What botocore raises is told in one line without a final period, with the next step where there is one."""
    with pytest.raises(OperationError) as told, errors_told():
        raise raised
    message = str(told.value)
    assert message.startswith(said)
    assert "\n" not in message
    assert not message.endswith(".")
    assert (told.value.hint is None) == (hint is None)
    assert hint is None or hint in str(told.value.hint)


def test_an_error_of_ours_passes_through() -> None:
    """Only AWS's errors are told anew; a mistake in the program keeps its traceback."""
    with pytest.raises(KeyError), errors_told():
        raise KeyError("x")


def test_a_missing_profile_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A profile of the environment that does not exist is named before any call."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(OperationError, match="nobody"):
        clients()


def test_a_call_of_a_function_is_not_repeated_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits longer for an answer than the 60 s which the function may take: a repeated start is a second."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    assert clients()("lambda").meta.config.read_timeout > 60
