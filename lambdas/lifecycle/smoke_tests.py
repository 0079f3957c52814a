"""The smoke-test hook: checks the candidate through the test listener of the one configured load balancer.

What its role needs beside the runtime's: ec2:DescribeNetworkInterfaces on * (it has no narrower resource) and
secretsmanager:GetSecretValue on the secrets that headers refer to.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import jmespath

import hook_runtime
import http_probe
from bluegreen.release.checks import HttpCheck, pause_seconds
from bluegreen.release.judgement import CheckResult, judge, unanswered
from hook_runtime import Invocation, LambdaContext, Verdict
from secret_values import SecretError, SecretValues

_log = logging.getLogger("smoke_tests")


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, str]:
    """Answer CodeDeploy's call of the hook."""
    return hook_runtime.run(event, context, lambda invocation: check_candidate(invocation, os.environ))


@dataclass(frozen=True)
class Settings:
    """What the construct put into the function's environment."""

    checks: Sequence[HttpCheck]
    load_balancer: str
    port: int
    tls: bool
    host: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment.

        Args:
            environment: The function's environment variables.

        Returns:
            The settings.

        Raises:
            ValueError: If a variable is missing or has a wrong value.
        """
        names = ("CHECKS", "LOAD_BALANCER", "TEST_PORT", "SCHEME", "HOST")
        missing = [f"BLUEGREEN_{name}" for name in names if not environment.get(f"BLUEGREEN_{name}")]
        if missing:
            raise ValueError(f"the function's environment lacks {', '.join(missing)}")
        checks, load_balancer, port, scheme, host = (environment[f"BLUEGREEN_{name}"] for name in names)
        if scheme not in {"http", "https"}:
            raise ValueError(f"BLUEGREEN_SCHEME must be http or https, got {scheme!r}")
        parsed = [HttpCheck.from_dict(check) for check in json.loads(checks)]
        return cls(parsed, load_balancer, int(port), scheme == "https", host)


def check_candidate(
    invocation: Invocation, environment: Mapping[str, str], *, sleep: Callable[[float], None] = time.sleep
) -> Verdict:
    """Make every check, log every result, and sum them up.

    Args:
        invocation: The hook's call.
        environment: The function's environment variables.
        sleep: How to pause between attempts.

    Returns:
        Passed when every check passed; else what each failed check expected and got.
    """
    settings = Settings.read(environment)
    addresses = _addresses(settings.load_balancer)
    run = _Run(invocation, settings, addresses, sleep)
    results = [run.check(number, check) for number, check in enumerate(settings.checks)]
    failed = [result for result in results if not result.passed]
    if failed:
        return Verdict(
            passed=False, reason=f"{len(failed)} of {len(results)} checks failed: {'; '.join(map(str, failed))}"
        )
    return Verdict(passed=True, reason=f"{len(results)} checks passed")


class _Run:
    """The checks of one invocation; reads each secret once."""

    def __init__(
        self, invocation: Invocation, settings: Settings, addresses: Sequence[str], sleep: Callable[[float], None]
    ) -> None:
        self._invocation = invocation
        self._settings = settings
        self._addresses = addresses
        self._sleep = sleep
        self._secrets = SecretValues()

    def check(self, number: int, check: HttpCheck) -> CheckResult:
        """Try a check until it passes, its retries are used up, or time runs out; each attempt at the next address."""
        attempt = 0
        while True:
            address = self._addresses[(number + attempt) % len(self._addresses)]
            result = self._attempt(check, address)
            _log_result(result, address, attempt)
            pause = pause_seconds(attempt)
            if result.passed or attempt >= check.retries or self._invocation.remaining_seconds() <= pause:
                return result
            self._sleep(pause)
            attempt += 1

    def _attempt(self, check: HttpCheck, address: str) -> CheckResult:
        try:
            headers = {name: self._secrets.header(value) for name, value in check.headers.items()}
            timeout = min(check.timeout_seconds, max(self._invocation.remaining_seconds(), 0.1))
            endpoint = http_probe.Endpoint(address, self._settings.port, self._settings.host, self._settings.tls)
            response = http_probe.send(
                endpoint, check.method, check.path, headers=headers, body=check.body, timeout_seconds=timeout
            )
        except (http_probe.ProbeError, SecretError) as error:
            return unanswered(check, str(error), secrets=self._secrets.seen)
        return judge(check, response, jmespath.search, secrets=self._secrets.seen)


def _addresses(load_balancer: str) -> list[str]:
    """Find the load balancer's private addresses: its name resolves to public ones, which the hook cannot use."""
    filters = [{"Name": "description", "Values": [f"ELB {load_balancer}"]}]
    pages = hook_runtime.client("ec2").get_paginator("describe_network_interfaces").paginate(Filters=filters)
    found = sorted(interface["PrivateIpAddress"] for page in pages for interface in page["NetworkInterfaces"])
    if not found:
        raise LookupError(f"no network interface of load balancer {load_balancer} was found")
    return found


def _log_result(result: CheckResult, address: str, attempt: int) -> None:
    expectations = [
        {"what": item.what, "expected": item.expected, "got": item.got, "met": item.met} for item in result.expectations
    ]
    extra = {"check": result.label, "address": address, "attempt": attempt + 1, "expectations": expectations}
    _log.log(logging.INFO if result.passed else logging.WARNING, str(result), extra=extra)
