"""Synthesizes the gallery: `python -m examples.gallery`."""

import aws_cdk as cdk

from . import define_gallery

app = cdk.App()
define_gallery(app)
app.synth()
