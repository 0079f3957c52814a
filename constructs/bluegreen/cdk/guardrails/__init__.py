"""Guard rails around an environment: what is tagged, ruled out, watched for drift, and paid for."""

from .cost_tags import CostTags
from .guard_rails import RULES, Accepted, GuardRails
from .monthly_budget import MonthlyBudget
from .rule import Finding, Rule

__all__ = ["RULES", "Accepted", "CostTags", "Finding", "GuardRails", "MonthlyBudget", "Rule"]
