"""Metrics and traces through Datadog's agent."""

import re
from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from bluegreen.cdk._durations import seconds
from bluegreen.cdk.container import Container

from .sidecar import SidecarContainer, require_pinned

if TYPE_CHECKING:
    from bluegreen.cdk.task import Task

IMAGE = "public.ecr.aws/datadog/agent:7.63.3"
"""The agent, for X86_64 and ARM64."""
_SITE = re.compile(r"([a-z0-9-]+\.)+[a-z]+")


class DatadogAgent:
    """Sends a task's metrics, and what the application traces and counts, to Datadog.

    The application speaks to the agent over the task's own loopback. An agent that fails ends nothing but what it
    sends. Its image needs a writable file system and root, unlike the application's.

    Args:
        api_key: Datadog's API key, from Secrets Manager or the Parameter Store.
        site: Datadog's site, such as "datadoghq.eu".
        env: What Datadog calls the environment.
        service: What Datadog calls the service; the task definition's family when omitted.
        traces: Whether it takes traces.
        image: The agent, pinned to a version or digest. A released version when omitted; see `AdotCollector` for where
            it is pulled from.
        cpu: CPU units that it is sure of; 100, as in Datadog's example, when omitted.
        memory_mib: Memory in MiB above which it is killed; 512, as in Datadog's example, when omitted.

    Raises:
        ValueError: If the site is no host name, `env` is empty, or the image is not pinned.

    Example:
        >>> import aws_cdk as cdk
        >>> from aws_cdk import aws_secretsmanager as secretsmanager
        >>> secret = secretsmanager.Secret(cdk.Stack(cdk.App(), "Shop"), "DatadogKey")
        >>> agent = DatadogAgent(ecs.Secret.from_secrets_manager(secret), site="datadoghq.eu", env="prod")
    """

    def __init__(
        self,
        api_key: ecs.Secret,
        *,
        site: str,
        env: str,
        service: str | None = None,
        traces: bool = True,
        image: str = IMAGE,
        cpu: int = 100,
        memory_mib: int = 512,
    ) -> None:
        if not _SITE.fullmatch(site):
            raise ValueError(f'site must be the host name of a Datadog site, such as "datadoghq.eu", got {site!r}')
        if not env:
            raise ValueError("env must name the environment, got ''")
        self._api_key, self._site, self._env, self._service = api_key, site, env, service
        self._traces = traces
        self._image = require_pinned("image", image)
        self._cpu, self._memory_mib = cpu, memory_mib

    def bind(self, task: "Task") -> SidecarContainer:
        """Describe the agent for one service."""
        names = {"DD_ENV": self._env, "DD_SERVICE": self._service or task.family}
        return SidecarContainer(
            name="datadog-agent",
            image=ecs.ContainerImage.from_registry(self._image),
            cpu=self._cpu,
            memory_mib=self._memory_mib,
            settings=Container(
                user=None,
                read_only_root_filesystem=False,  # it writes its configuration, its state and its socket at its start
                health_check=ecs.HealthCheck(
                    command=["CMD-SHELL", "agent health"],
                    interval=seconds(30),
                    start_period=seconds(15),
                ),
            ),
            environment={
                **names,
                "ECS_FARGATE": "true",
                "DD_SITE": self._site,
                "DD_APM_ENABLED": str(self._traces).lower(),
                "DD_APM_NON_LOCAL_TRAFFIC": "false",
                "DD_DOGSTATSD_NON_LOCAL_TRAFFIC": "false",
            },
            secrets={"DD_API_KEY": self._api_key},
            variables={
                **names,
                "DD_AGENT_HOST": "127.0.0.1",
                "DD_TRACE_ENABLED": str(self._traces).lower(),
            },
        )
