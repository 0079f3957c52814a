"""Containers that run beside the application's in each of its tasks, and never hurt it."""

from .adot import AdotCollector
from .datadog import DatadogAgent
from .firelens import FireLens
from .sidecar import Sidecar, SidecarContainer

__all__ = ["AdotCollector", "DatadogAgent", "FireLens", "Sidecar", "SidecarContainer"]
