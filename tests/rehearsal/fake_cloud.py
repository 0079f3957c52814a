"""A program for test_local_cloud.py: starts like the local cloud, and does to its control port what it is told."""

import argparse
import json
import signal
import sys

from bluegreen.rehearsal.cloud.control import Control
from bluegreen.rehearsal.cloud.journal import Journal


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("behaviour")
    for name in ("--folder", "--port", "--control-port", "--app-dir", "--factor"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    if arguments.behaviour == "fails":
        sys.exit("error: no bluegreen.toml in /app")
    if arguments.behaviour == "babbles":
        print("Hello", flush=True)  # noqa: T201 - what the test is about
        signal.pause()
    journal = Journal(lambda: 60.0)

    def inject(fault: dict[str, object]) -> None:
        if fault["fault"] == "nonsense":
            raise ValueError("unknown fault nonsense")
        journal.record("fault", f"fault {fault['fault']}", **fault)

    control = Control(
        int(arguments.control_port), snapshots={"ecs": lambda: vars(arguments)}, journal=journal, inject=inject
    )
    control.start()
    ready = {"ready": True, "endpoint": f"http://127.0.0.1:{arguments.port}", "control": control.url, "ca": "/ca.pem"}
    print(json.dumps(ready), flush=True)  # noqa: T201 - what the rehearsal waits for
    if arguments.behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pause()


if __name__ == "__main__":
    main()
