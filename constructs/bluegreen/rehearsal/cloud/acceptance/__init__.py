"""Resource types that nobody emulates: CloudFormation takes them by AWS's own schema, and nothing stands behind them.

A rehearsal lists each one that a stack has, so that nobody takes a green run for proof of what was never run.
"""

from .acceptance import Acceptance

__all__ = ["Acceptance"]
