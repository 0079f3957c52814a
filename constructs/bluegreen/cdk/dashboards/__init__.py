"""Dashboards as code: of releases, of operations, and of the business."""

from ._widgets import Line
from .business import BusinessDashboard, BusinessMetric
from .data_store import DataStore
from .operations import OperationsDashboard
from .release import ReleaseDashboard

__all__ = [
    "BusinessDashboard",
    "BusinessMetric",
    "DataStore",
    "Line",
    "OperationsDashboard",
    "ReleaseDashboard",
]
