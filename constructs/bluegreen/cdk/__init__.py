"""The constructs: an ECS Fargate service whose every deploy is a release that can be taken back."""

from bluegreen.release.checks import HttpCheck
from bluegreen.release.observation import WhenBusy
from bluegreen.release.rollout import Rollout

from .container import Container
from .health_check import HealthCheck
from .hooks import BoundHook, Hook
from .ignored_alarms import IgnoredAlarms
from .rollback import RollbackPolicy
from .scaling import Scaling
from .service import BlueGreenService
from .smoke_tests import SecretHeader, SmokeTests
from .window import Window

__all__ = [
    "BlueGreenService",
    "BoundHook",
    "Container",
    "HealthCheck",
    "Hook",
    "HttpCheck",
    "IgnoredAlarms",
    "RollbackPolicy",
    "Rollout",
    "Scaling",
    "SecretHeader",
    "SmokeTests",
    "WhenBusy",
    "Window",
]
