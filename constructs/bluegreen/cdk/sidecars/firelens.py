"""The application's log through a router of its own, to wherever Fluent Bit can send it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_ecs as ecs

from bluegreen.cdk._durations import seconds
from bluegreen.cdk.container import Container

from .sidecar import SidecarContainer, require_pinned

if TYPE_CHECKING:
    from bluegreen.cdk.task import Task

IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.15"
"""Fluent Bit with AWS's outputs, for X86_64 and ARM64."""


class FireLens:
    """Routes what the application writes through Fluent Bit, instead of straight to CloudWatch Logs.

    The router's own log goes to the service's log group all the same, so that somebody can see why nothing arrives.

    Args:
        output: Fluent Bit's output and its options, such as `{"Name": "datadog", "Host": "…"}`. The service's log
            group when omitted.
        secret_output: Options of the output that are secrets.
        blocking: What happens when the router does not keep up. False: the newest lines are lost when the buffer is
            full, and the application goes on, as it does without the router. True: the application waits when it
            writes, and a task whose router ends, ends: for logs that are worth more than answers.
        buffer_mib: How much is held for the router until then, 1-128 MiB of the application's memory. Means nothing
            when blocking.
        config_file: The path of a further configuration in the image, such as one with filters.
        image: Fluent Bit, pinned to a version or digest. A released version when omitted; see `AdotCollector` for
            where it is pulled from.
        cpu: CPU units that it is sure of.
        memory_mib: Memory in MiB above which it is killed.

    Raises:
        ValueError: If the output has no name, a value is out of range, or the image is not pinned.

    Example:
        >>> FireLens(blocking=True).blocking
        True
    """

    def __init__(
        self,
        output: Mapping[str, str] | None = None,
        *,
        secret_output: Mapping[str, ecs.Secret] | None = None,
        blocking: bool = False,
        buffer_mib: int = 10,
        config_file: str | None = None,
        image: str = IMAGE,
        cpu: int = 32,
        memory_mib: int = 128,
    ) -> None:
        if output is not None and "Name" not in output:
            raise ValueError(f"output must have Fluent Bit's Name of it, got {', '.join(output) or 'nothing'}")
        if not 1 <= buffer_mib <= 128:  # noqa: PLR2004 - what the smallest task can spare
            raise ValueError(f"buffer_mib must be 1-128, got {buffer_mib}")
        if config_file is not None and not config_file.startswith("/"):
            raise ValueError(f"config_file must be absolute, got {config_file!r}")
        self._output, self._secret_output = output, secret_output or {}
        self.blocking = blocking
        self._buffer_mib = buffer_mib
        self._config_file = config_file
        self._image = require_pinned("image", image)
        self._cpu, self._memory_mib = cpu, memory_mib

    def bind(self, task: "Task") -> SidecarContainer:
        """Describe the router for one service, and have the application write to it."""
        if self._output is None:
            task.log_group.grant_write(task.task_role)
        pace = {"mode": "blocking"} if self.blocking else {"mode": "non-blocking", "max-buffer-size": self._buffer}
        return SidecarContainer(
            name="log-router",
            image=ecs.ContainerImage.from_registry(self._image),
            cpu=self._cpu,
            memory_mib=self._memory_mib,
            essential=self.blocking,
            settings=Container(
                user="0",  # it makes the socket that Fargate's agent writes to, as root
                keep_capabilities=True,
                health_check=ecs.HealthCheck(
                    # The agent's own configuration of a router listens there for this.
                    command=["CMD-SHELL", 'echo \'{"health": "check"}\' | nc 127.0.0.1 8877 || exit 1'],
                    interval=seconds(10),
                    start_period=seconds(10),
                ),
            ),
            log_driver=ecs.LogDrivers.firelens(
                options={**(self._output or _to(task)), **pace}, secret_options=dict(self._secret_output) or None
            ),
            firelens=ecs.FirelensConfig(
                type=ecs.FirelensLogRouterType.FLUENTBIT,
                options=ecs.FirelensOptions(
                    enable_ecs_log_metadata=True,
                    config_file_type=ecs.FirelensConfigFileType.FILE if self._config_file else None,
                    config_file_value=self._config_file,
                ),
            ),
        )

    @property
    def _buffer(self) -> str:
        return f"{self._buffer_mib}m"


def _to(task: "Task") -> dict[str, str]:
    """Write to the service's log group what the application would write there itself."""
    return {
        "Name": "cloudwatch_logs",
        "region": Aws.REGION,
        "log_group_name": task.log_group.log_group_name,
        "log_stream_prefix": "app/",
        "auto_create_group": "false",
        "log_key": "log",
    }
