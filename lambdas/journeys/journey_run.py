"""Makes a journey: its steps one after another, each judged, each timed."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jmespath

import http_probe
from bluegreen.release.journey import JourneyStep, UnknownValueError
from bluegreen.release.judgement import CheckResult, Expectation, HttpResponse, judge, unanswered
from secret_values import SecretError, SecretValues

_log = logging.getLogger("journey")

USER_AGENT = "bluegreen-journey"
"""By which logs tell a journey's requests from a user's, unless a step says otherwise."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class StepResult:
    """How one step went: its name, whether it passed, in words, and how long its answer took, if one came."""

    name: str
    passed: bool
    text: str
    milliseconds: int | None = None


class Journey:
    """One journey under way.

    Args:
        url: Scheme, host and port of what is asked.

    Raises:
        ValueError: If the URL has no scheme or host.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"url must be http(s)://host[:port], got {url!r}")
        port = parts.port or _PORTS[parts.scheme]
        self._endpoint = http_probe.Endpoint(parts.hostname, port, parts.hostname, tls=parts.scheme == "https")
        self._values: dict[str, Any] = {}
        self._secrets = SecretValues()

    def make(self, steps: Sequence[JourneyStep]) -> list[StepResult]:
        """Take the steps until one fails; then only those that clean up.

        Args:
            steps: The steps, in order.

        Returns:
            How each step went that was taken.
        """
        results: list[StepResult] = []
        for step in steps:
            failed = any(not result.passed for result in results)
            if failed and not (step.cleanup and step.needs <= set(self._values)):
                continue
            results.append(self._take(step))
            _log.log(logging.INFO if results[-1].passed else logging.ERROR, results[-1].text)
        return results

    def _take(self, step: JourneyStep) -> StepResult:
        try:
            check = step.with_values(self._values).check
            headers = {"User-Agent": USER_AGENT} | {
                name: self._secrets.header(value) for name, value in check.headers.items()
            }
        except (UnknownValueError, SecretError, ValueError) as error:
            return StepResult(step.name, passed=False, text=f"{step.name}: {error}")
        started = time.monotonic()
        try:
            answer = http_probe.send(
                self._endpoint,
                check.method,
                check.path,
                headers=headers,
                body=check.body,
                timeout_seconds=check.timeout_seconds,
            )
        except http_probe.ProbeError as error:
            result = unanswered(check, str(error), secrets=self._secrets.seen)
            return StepResult(step.name, passed=False, text=f"{step.name}: {result}")
        milliseconds = round((time.monotonic() - started) * 1000)
        result = judge(check, answer, jmespath.search, secrets=self._secrets.seen)
        if result.passed:
            result = self._capture(step, answer, result)
        return StepResult(step.name, result.passed, f"{step.name}: {result}", milliseconds)

    def _capture(self, step: JourneyStep, answer: HttpResponse, result: CheckResult) -> CheckResult:
        """Keep what later steps need; an answer without it is not what was expected."""
        for name, expression in step.capture.items():
            try:
                value = jmespath.search(expression, json.loads(answer.body))
            except (ValueError, jmespath.exceptions.JMESPathError) as error:
                value, problem = None, f"{type(error).__name__}: {error}"
            else:
                problem = "nothing"
            if value is None:
                unmet = Expectation(f"json {expression}", f"a value for {name}", problem, met=False)
                return CheckResult(result.label, (*result.expectations, unmet))
            self._values[name] = value
        return result
