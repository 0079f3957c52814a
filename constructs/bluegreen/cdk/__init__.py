"""The constructs: an ECS Fargate service whose every deploy is a release that can be taken back."""

from bluegreen.release.checks import HttpCheck
from bluegreen.release.migrations.after_failure import AfterFailure
from bluegreen.release.migrations.findings import Grade
from bluegreen.release.migrations.restore_point import Backup
from bluegreen.release.observation import WhenBusy
from bluegreen.release.rollout import Rollout

from .container import Container
from .contract_release import ContractRelease
from .health_check import HealthCheck
from .hooks import BoundHook, Hook
from .ignored_alarms import IgnoredAlarms
from .ledger import ReleaseLedger
from .migrations import AlembicMigrations
from .response_headers import ResponseHeaders
from .rollback import RollbackPolicy
from .scaling import Scaling
from .service import BlueGreenService
from .smoke_tests import SecretHeader, SmokeTests
from .window import Window

__all__ = [
    "AfterFailure",
    "AlembicMigrations",
    "Backup",
    "BlueGreenService",
    "BoundHook",
    "Container",
    "ContractRelease",
    "Grade",
    "HealthCheck",
    "Hook",
    "HttpCheck",
    "IgnoredAlarms",
    "ReleaseLedger",
    "ResponseHeaders",
    "RollbackPolicy",
    "Rollout",
    "Scaling",
    "SecretHeader",
    "SmokeTests",
    "WhenBusy",
    "Window",
]
