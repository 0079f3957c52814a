"""Runs the service: `python -m orders --host 0.0.0.0 --port 8080`."""

import argparse
import signal
import sys

import uvicorn

KEEP_ALIVE_SECONDS = 75
"""Longer than a load balancer keeps an idle connection (60 s). Were it shorter, the service would close connections on
which the load balancer is just sending a request, and users would see a 502."""

DRAIN_SECONDS = 20
"""How long requests in flight may take after SIGTERM; less than the 30 seconds that ECS waits before it kills."""


def main() -> None:
    """Serve until SIGTERM, then finish the requests in flight."""
    parser = argparse.ArgumentParser(prog="orders")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    # uvicorn, done with its graceful end, raises the signal again; with this, being told to end is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "orders.app:app",
        host=arguments.host,
        port=arguments.port,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        access_log=False,  # the load balancer writes one
        server_header=False,
    )


if __name__ == "__main__":
    main()
