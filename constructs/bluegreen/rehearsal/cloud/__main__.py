"""The local cloud's process: prints one JSON line when it is up, and ends on SIGTERM."""

import argparse
import json
import os
import sys
from pathlib import Path

from bluegreen.errors import BluegreenError
from bluegreen.rehearsal.images import Images

from .assembly import Cloud
from .control import Control
from .server import prepare_environment, serve

REGION = "us-east-1"
ACCOUNT = "123456789012"


def main() -> None:
    """Run the cloud until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m bluegreen.rehearsal.cloud", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where everything is written")
    parser.add_argument("--port", type=int, required=True, help="the port of the AWS endpoint on 127.0.0.1")
    parser.add_argument("--control-port", type=int, default=0, help="the control port; a free one when omitted")
    parser.add_argument("--app-dir", type=Path, required=True, help="the folder with bluegreen.toml")
    parser.add_argument("--factor", type=float, default=60.0, help="cloud seconds per real second")
    arguments = parser.parse_args()
    try:
        run(arguments.folder, arguments.port, arguments.control_port, arguments.app_dir, arguments.factor)
    except BluegreenError as error:
        sys.exit(f"{error}{f' ({error.hint})' if error.hint else ''}")
    # Threads of ministack may still wait for a stack or a function; nothing that they do is wanted any more.
    os._exit(0)


def run(folder: Path, port: int, control_port: int, app_folder: Path, factor: float) -> None:
    """Put the cloud together, serve, and end every process that it started.

    Raises:
        BluegreenError: If a part is missing or misconfigured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    endpoint = f"http://127.0.0.1:{port}"
    cloud = Cloud(
        folder,
        endpoint=endpoint,
        images=Images.load(app_folder / "bluegreen.toml"),
        factor=factor,
        region=REGION,
        account=ACCOUNT,
    )
    prepare_environment(port=port, region=REGION, account=ACCOUNT, factor=factor, folder=folder, ca_file=cloud.ca_file)
    control = Control(control_port, snapshots=cloud.snapshots(), journal=cloud.journal, inject=cloud.inject)
    ready = {"ready": True, "endpoint": endpoint, "control": control.url, "ca": str(cloud.ca_file), "region": REGION}
    try:
        cloud.start()
        control.start()
        serve(
            port,
            cloud.services(),
            cloud.resource_types(),
            cloud.acceptance,
            cloud.control_planes,
            ready=lambda: print(json.dumps(ready), flush=True),  # noqa: T201 - whoever started us waits for it
            stopping=cloud.stop,
        )
    finally:
        control.stop()
        cloud.stop()


if __name__ == "__main__":
    main()
