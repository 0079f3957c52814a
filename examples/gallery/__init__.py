"""Every optional part of the environment, one file a theme. A gallery to copy from, not a deployment.

Each file here defines `define(app)`, which adds a stack named after its theme; `python -m examples.gallery` in the
root of the repository synthesizes all of them into `cdk.out`.
"""

import importlib
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Acknowledgment, Validations

_INLINE = Acknowledgment(
    id="NIST.800.53.R5::NIST.800.53.R5-IAMNoInlinePolicy",
    reason="the CDK attaches a policy to the one role that it is for, and deletes both together",
)


def define_gallery(app: cdk.App) -> None:
    """Add the stack of every theme.

    Args:
        app: The app.
    """
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"{__name__}.{path.stem}").define(app)
    Validations.of(app).acknowledge(_INLINE)
