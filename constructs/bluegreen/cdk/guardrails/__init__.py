"""Guard rails around an environment: what is tagged, ruled out, watched for drift, and paid for."""

from .cost_tags import CostTags
from .drift_watch import DriftWatch
from .expected_drift import EXPECTED_DRIFT
from .guard_rails import RULES, Accepted, GuardRails
from .monthly_budget import MonthlyBudget
from .rule import Finding, Rule

__all__ = [
    "EXPECTED_DRIFT",
    "RULES",
    "Accepted",
    "CostTags",
    "DriftWatch",
    "Finding",
    "GuardRails",
    "MonthlyBudget",
    "Rule",
]
