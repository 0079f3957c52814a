"""Asking a service from outside, as its users do: CloudWatch Synthetics canaries."""

from bluegreen.release.journey import JourneyStep

from .artifacts import JourneyArtifacts
from .heartbeat import Heartbeat
from .journey import Journey
from .settings import CanarySettings, InVpc

__all__ = ["CanarySettings", "Heartbeat", "InVpc", "Journey", "JourneyArtifacts", "JourneyStep"]
