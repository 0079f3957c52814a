"""Releases of ECS Fargate services that cannot hurt their users.

Constructs are in `bluegreen.cdk`; this package itself imports nothing, so that the command line starts without Node.
"""

__version__ = "0.1.0"
