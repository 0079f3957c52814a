"""Where an environment keeps its data: encrypted, backed up, and watched."""

from .environment_key import EnvironmentKey

__all__ = ["EnvironmentKey"]
