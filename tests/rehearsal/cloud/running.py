from subprocess import Popen
from typing import Any

import boto3


class Cloud:
    """A running ministack with one made-up service and one made-up resource type."""

    def __init__(self, process: Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def client(self, name: str) -> Any:
        return boto3.client(
            name,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
