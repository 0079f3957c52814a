"""Every test uses the Node that came with the project, also where pytest is called without make."""

import os
import sys
from pathlib import Path

_NODE = Path(sys.executable).with_name("node")

if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))
