"""Will the version that still serves survive a migration? The gate says so before anything of it runs."""

from .judging import judge

__all__ = ["judge"]
