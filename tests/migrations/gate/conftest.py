"""Samples and their table lie beside the tests, which are no package."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
