"""`python -m bluegreen.migrations.shadow DOCUMENT`: one task; the request comes in on standard input."""

import json
import sys
from pathlib import Path

from bluegreen.errors import BluegreenError

from .worker import work


def main() -> int:
    """Do the task and write its document; an error that is for people is written likewise."""
    try:
        document = work(json.load(sys.stdin))
    except BluegreenError as error:
        document = {"error": str(error), "hint": error.hint}
    Path(sys.argv[1]).write_text(json.dumps(document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
