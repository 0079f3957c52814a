"""Guard rails around an environment: what is tagged, ruled out, watched for drift, and paid for."""

from .cost_tags import CostTags

__all__ = ["CostTags"]
