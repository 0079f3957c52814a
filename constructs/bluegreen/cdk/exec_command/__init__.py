"""A way into running containers that leaves a record: ECS Exec, off unless asked for."""

from .exec_command import ExecCommand

__all__ = ["ExecCommand"]
