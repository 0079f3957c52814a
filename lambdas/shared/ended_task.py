"""A one-off task of ECS that is over: how it ended, and what it wrote into its log."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError

import aws_clients

_MOST_PAGES = 20


@dataclass(frozen=True, kw_only=True)
class EndedTask:
    """A task that is over.

    Args:
        arn: Its ARN.
        container: Its container that was to do the work; the log stream's prefix is called like it.
        digest: The digest of the image it ran; None when ECS does not tell.
        why: Exit code and reason, for when the container itself told nothing.
        started: Whether any of it may have run; it certainly did not when ECS could not start it and names no time.
    """

    arn: str
    container: str
    digest: str | None
    why: str
    started: bool = True

    @property
    def stream(self) -> str:
        """Its log stream."""
        return f"{self.container}/{self.container}/{self.arn.rpartition('/')[2]}"

    @classmethod
    def read(cls, document: Mapping[str, Any], container: str) -> Self | None:
        """Read a task as ECS describes it, or as Step Functions does, which begins its members with a capital letter.

        Args:
            document: The task.
            container: Its container that was to do the work.

        Returns:
            The task; None when the document is none.
        """
        task = _small(document)
        if not isinstance(task.get("taskArn"), str):
            return None
        containers = [_small(one) for one in task.get("containers") or ()]
        ours = next((one for one in containers if one.get("name") == container), {})
        code = f"exit code {ours['exitCode']}" if ours.get("exitCode") is not None else "no exit code"
        started = task.get("stopCode") != "TaskFailedToStart" or task.get("startedAt") is not None
        reasons = (code if started else "", ours.get("reason"), task.get("stoppedReason"))
        why = ", ".join(one for one in reasons if one)
        return cls(arn=task["taskArn"], container=container, digest=ours.get("imageDigest"), why=why, started=started)

    def lines(self, log_group: str) -> list[str]:
        """Return what it wrote; nothing when it has no log stream.

        Raises:
            botocore.exceptions.ClientError: If AWS refused to tell.
        """
        try:
            return list(_lines(log_group, self.stream))
        except ClientError as error:
            if aws_clients.code_of(error) == "ResourceNotFoundException":
                return []
            raise


def ended(task: Mapping[str, Any] | None, error: Mapping[str, Any] | None, container: str) -> EndedTask | None:
    """Return the task that a state of Step Functions ran.

    Args:
        task: The state's output; None when it failed.
        error: What it failed with; None when it did not.
        container: The container that was to do the work.

    Returns:
        The task; None when nobody says which it was.
    """
    return EndedTask.read(task or {}, container) or EndedTask.read(_cause(error), container)


def name_of(error: Mapping[str, Any] | None) -> str:
    """Return an error of Step Functions in one line, without a cause that is a whole task."""
    if not error:
        return ""
    return str(error.get("Error", "")) if _cause(error) else f"{error.get('Error', '')}: {error.get('Cause', '')}"


def _cause(error: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the task that an error's cause holds; nothing when it holds none."""
    try:
        cause = json.loads((error or {})["Cause"])
    except (ValueError, TypeError, KeyError):
        return {}
    return cause if isinstance(cause, dict) else {}


def _small(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in document.items()}


def _lines(log_group: str, stream: str) -> Iterator[str]:
    token: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = aws_clients.client("logs").get_log_events(
            logGroupName=log_group, logStreamName=stream, startFromHead=True, **token
        )
        yield from (event["message"] for event in page["events"])
        if page.get("nextForwardToken") in {None, token.get("nextToken")}:
            return
        token = {"nextToken": page["nextForwardToken"]}
