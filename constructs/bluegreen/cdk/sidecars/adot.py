"""Traces, and metrics when asked, through the AWS Distro for OpenTelemetry."""

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import seconds
from bluegreen.cdk.container import Container

from .sidecar import SidecarContainer, require_pinned

if TYPE_CHECKING:
    from bluegreen.cdk.task import Task

IMAGE = "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0"
"""The collector, for X86_64 and ARM64."""
_USER = "4317:4317"
"""The image's own user."""
_HEALTH = "127.0.0.1:13133"
"""Where the image's health check looks."""


class AdotCollector:
    """Sends what the application traces to AWS X-Ray, and what it measures to CloudWatch when asked.

    The application speaks OTLP to the collector over the task's own loopback, to which nothing outside of the task
    comes; it must be instrumented with OpenTelemetry, for which it is told endpoint, sampling and names by the usual
    variables. A collector that fails ends nothing but the traces.

    Args:
        image: The collector, pinned to a version or digest. A version that was tried when omitted. It is pulled
            whenever a task starts, and a task whose image cannot be pulled does not start: name a copy in a registry
            of your own, or behind a pull-through cache, where that matters.
        sample_percent: How many of the requests that nobody decided on before are traced, 0-100.
        metrics_namespace: The CloudWatch namespace for the application's metrics. None are taken when omitted.
        service_name: What the traces call the service; the task definition's family when omitted.
        config: The collector's own configuration, as YAML, instead of all this; it should listen on 127.0.0.1 only.
            What it needs beyond X-Ray must be granted to the service.
        cpu: CPU units that it is sure of.
        memory_mib: Memory in MiB above which it is killed; it refuses data before. 256, as in AWS's example, when
            omitted.

    Raises:
        ValueError: If the image is not pinned, or a value is out of range.

    Example:
        >>> AdotCollector(sample_percent=10).sample_percent
        10
    """

    def __init__(
        self,
        *,
        image: str = IMAGE,
        sample_percent: float = 5,
        metrics_namespace: str | None = None,
        service_name: str | None = None,
        config: str | None = None,
        cpu: int = 32,
        memory_mib: int = 256,
    ) -> None:
        if not 0 <= sample_percent <= 100:  # noqa: PLR2004 - a percentage
            raise ValueError(f"sample_percent must be 0-100, got {sample_percent}")
        if metrics_namespace is not None and (not metrics_namespace or metrics_namespace.startswith("AWS/")):
            raise ValueError(f"metrics_namespace must be a name of your own, not AWS's, got {metrics_namespace!r}")
        if config is not None and metrics_namespace:
            raise ValueError("metrics_namespace must not be given with config, which says where metrics go; omit one")
        self._image = require_pinned("image", image)
        self.sample_percent = sample_percent
        self._namespace = metrics_namespace
        self._service_name = service_name
        self._config = config
        self._cpu, self._memory_mib = cpu, memory_mib

    def bind(self, task: "Task") -> SidecarContainer:
        """Describe the collector for one service, and let its tasks send what it collects."""
        task.task_role.add_to_principal_policy(
            iam.PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])
        )
        acknowledge(
            task.task_role, {"AwsSolutions-IAM5[Resource::*]": "X-Ray takes trace segments without naming a resource"}
        )
        if self._namespace:
            task.log_group.grant_write(task.task_role)
        return SidecarContainer(
            name="adot-collector",
            image=ecs.ContainerImage.from_registry(self._image),
            cpu=self._cpu,
            memory_mib=self._memory_mib,
            settings=Container(
                user=_USER,
                health_check=ecs.HealthCheck(
                    command=["CMD", "/healthcheck"], interval=seconds(10), start_period=seconds(10)
                ),
            ),
            environment={"AOT_CONFIG_CONTENT": self._config or json.dumps(self._collecting(task), sort_keys=True)},
            variables={
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_LOGS_EXPORTER": "none",
                "OTEL_METRICS_EXPORTER": "otlp" if self._namespace else "none",
                "OTEL_SERVICE_NAME": self._service_name or task.family,
                "OTEL_TRACES_EXPORTER": "otlp",
                "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
                "OTEL_TRACES_SAMPLER_ARG": f"{self.sample_percent / 100:g}",
            },
        )

    def _collecting(self, task: "Task") -> dict[str, Any]:
        """Return the collector's configuration; JSON is YAML."""
        processors = ["memory_limiter", "resourcedetection", "batch"]
        pipelines = {"traces": {"receivers": ["otlp"], "processors": processors, "exporters": ["awsxray"]}}
        exporters: dict[str, Any] = {"awsxray": {}}
        if self._namespace:
            pipelines["metrics"] = {"receivers": ["otlp"], "processors": processors, "exporters": ["awsemf"]}
            exporters["awsemf"] = {
                "namespace": self._namespace,
                "log_group_name": task.log_group.log_group_name,
                "log_stream_name": "metrics/{TaskId}",
                "dimension_rollup_option": "NoDimensionRollup",
            }
        protocols = {"grpc": {"endpoint": "127.0.0.1:4317"}, "http": {"endpoint": "127.0.0.1:4318"}}
        return {
            "extensions": {"health_check": {"endpoint": _HEALTH}},
            "receivers": {"otlp": {"protocols": protocols}},
            "processors": {
                "memory_limiter": {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 20},
                "resourcedetection": {"detectors": ["env", "ecs"], "timeout": "2s"},
                "batch": {"timeout": "1s", "send_batch_size": 50},
            },
            "exporters": exporters,
            "service": {"extensions": ["health_check"], "pipelines": pipelines},
        }
