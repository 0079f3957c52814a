"""What an application's image needs of this library: the runner, without what the constructs and the command need."""

import subprocess
import sys
from pathlib import Path

from bluegreen.release.migrations.result import Outcome, last_in

ORDERS = Path(__file__).parent.parent.parent / "examples" / "orders"
NOT_IN_AN_IMAGE = ["aws_cdk", "boto3", "botocore", "click", "constructs", "jmespath", "jsii", "rich"]
PLAN = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({NOT_IN_AN_IMAGE}))  # importing one of them fails
sys.argv = ["bluegreen.migrations", "plan"]
runpy.run_module("bluegreen.migrations", run_name="__main__")
"""


def test_the_runner_needs_no_cdk() -> None:
    """Installed without its dependencies, beside Alembic and squawk, it runs until it looks for the database."""
    database = {f"DATABASE_{name}": "nowhere" for name in ("HOST", "NAME", "USER", "PASSWORD")}
    environment = {"PATH": "/usr/bin:/bin", "DATABASE_PORT": "1"} | database | {"DATABASE_HOST": "127.0.0.1"}
    ran = subprocess.run(
        [sys.executable, "-c", PLAN], cwd=ORDERS, env=environment, capture_output=True, text=True, check=False
    )
    result = last_in(ran.stdout.splitlines())
    assert result is not None, ran.stderr
    assert (ran.returncode, result.outcome) == (1, Outcome.FAILED)
    assert "connect" in result.message
