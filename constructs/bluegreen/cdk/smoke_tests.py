"""Smoke tests: HTTP checks of the candidate before any user meets it."""

import json
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bluegreen.release.checks import HttpCheck, SecretReference
from bluegreen.release.lifecycle import LifecycleEvent

from ._acknowledge import acknowledge
from ._functions import small_function
from ._grants import Grants
from ._http_checks import network_statements, require_jmespath, secrets_of
from ._log_groups import log_group
from ._principals import FUNCTIONS
from .hooks import BoundHook

if TYPE_CHECKING:
    from .service import BlueGreenService

LONGEST_SECONDS = 840
"""How long all checks may take when each attempt of each times out: Lambda's 15 minutes less what the answer needs."""

_ANSWER_SECONDS = 60
_LARGEST_CHECKS = 3000
"""Characters of the checks as JSON: Lambda allows 4 kB for all environment variables, and tokens may still grow."""


class SecretHeader(SecretReference):
    """A header's value kept in a secret, which the smoke tests may then read.

    Args:
        secret: The secret.
        field: The key to take from a secret that is a JSON object; the whole secret string when omitted.

    Raises:
        ValueError: If the field is empty.
    """

    def __init__(self, secret: secretsmanager.ISecret, field: str | None = None) -> None:
        super().__init__(secret.secret_arn, field)
        object.__setattr__(self, "secret", secret)  # the base class is frozen

    secret: secretsmanager.ISecret


class SmokeTests:
    """HTTP checks that the candidate must pass through the test listener before production traffic moves.

    Args:
        checks: What to ask and to expect; each is retried as it says, and all results land in the log.
        subnets: Where the function runs: it needs a way to AWS's APIs. The VPC's private subnets with egress when
            omitted.

    Raises:
        ValueError: If there is no check, a JMESPath expression does not parse, or the checks are too many or too slow
            for one function.

    Example:
        >>> hook = SmokeTests(HttpCheck("/health", json={"status": "ok"}), HttpCheck("/login", status=401))
        >>> hook.longest_seconds
        36
    """

    def __init__(self, *checks: HttpCheck, subnets: ec2.SubnetSelection | None = None) -> None:
        if not checks:
            raise ValueError(
                "smoke tests need at least one check, got none; pass HttpCheck(path) or leave the hook out"
            )
        for check in checks:
            for expression in check.json:
                require_jmespath("json keys", expression)
        self.checks = checks
        self._subnets = subnets
        if self.longest_seconds > LONGEST_SECONDS:
            raise ValueError(
                f"checks must take at most {LONGEST_SECONDS} s in all, got {self.longest_seconds} s when every attempt "
                "times out; lower retries or timeout_seconds"
            )
        if len(_to_json(checks)) > _LARGEST_CHECKS:
            raise ValueError(
                f"checks must be at most {_LARGEST_CHECKS} characters as JSON, got {len(_to_json(checks))}; "
                "shorten bodies and patterns, or check less"
            )

    @property
    def longest_seconds(self) -> int:
        """How long the checks take when every attempt of each times out."""
        return sum(check.longest_seconds for check in self.checks)

    def bind(self, service: "BlueGreenService") -> BoundHook:
        """Make the function for one service.

        Args:
            service: The service whose candidates are checked.

        Returns:
            The function, to run at AfterAllowTestTraffic.

        Raises:
            ValueError: If the service has a certificate and no domain name to verify it for.
        """
        if service.ports.scheme == "https" and service.domain_name is None:
            raise ValueError(
                "domain_name must be given with a certificate: the smoke tests verify the certificate for that name; "
                "pass the name that users call"
            )
        made = _SmokeTestFunction(service, "SmokeTests", service=service, tests=self, subnets=self._subnets)
        return BoundHook(
            event=LifecycleEvent.AFTER_ALLOW_TEST_TRAFFIC,
            function=made.function,
            log_group=made.log_group,
            longest_seconds=self.longest_seconds + _ANSWER_SECONDS,
        )


_MEANT = {
    "AwsSolutions-IAM5[Resource::*]": "EC2 lets network interfaces be described and made for Lambda on all resources "
    "only; the function's own code is denied making any",
    "NIST.800.53.R5-LambdaConcurrency": "a service has one release at a time, and that one call of it",
    "NIST.800.53.R5-LambdaDLQ": "CodeDeploy takes a release back whose smoke tests did not answer",
}


class _SmokeTestFunction(Construct):
    """The function of one service's smoke tests: it reaches the test listener, AWS's APIs, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: "BlueGreenService",
        tests: SmokeTests,
        subnets: ec2.SubnetSelection | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = log_group(self, "LogGroup", key=service.log_encryption_key)
        vpc = service.cluster.vpc
        group = ec2.SecurityGroup(self, "SecurityGroup", vpc=vpc, description="Smoke tests", allow_all_outbound=False)
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "to AWS's APIs")
        service.traffic.allow_test_traffic(group)
        self.function = small_function(
            self,
            "Function",
            family="lifecycle",
            handler="smoke_tests.handle",
            description=f"Smoke tests of {service.to_string()}",
            timeout_seconds=tests.longest_seconds + _ANSWER_SECONDS,
            role=self._role(service, tests.checks),
            log_group=self.log_group,
            vpc=vpc,
            subnets=subnets or ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            security_group=group,
            environment={
                "BLUEGREEN_CHECKS": _to_json(tests.checks),
                "BLUEGREEN_LOAD_BALANCER": service.traffic.load_balancer_full_name,
                "BLUEGREEN_TEST_PORT": str(service.ports.test),
                "BLUEGREEN_SCHEME": service.ports.scheme,
                "BLUEGREEN_HOST": service.domain_name or service.load_balancer.load_balancer_dns_name,
            },
        )

        acknowledge(self, _MEANT)

    def _role(self, service: "BlueGreenService", checks: tuple[HttpCheck, ...]) -> iam.Role:
        references = secrets_of(checks)
        arns = sorted({reference.secret_arn for reference in references if not isinstance(reference, SecretHeader)})
        grants = Grants()
        grants.include(network_statements())
        grants.add("logs:CreateLogStream", "logs:PutLogEvents", on=[self.log_group.log_group_arn])
        answer = ("codedeploy:PutLifecycleEventHookExecutionStatus", "codedeploy:GetDeployment")
        grants.add(*answer, on=[service.application.deployment_group_arn])
        if arns:
            grants.add("secretsmanager:GetSecretValue", on=arns)
        role = iam.Role(
            self,
            "Role",
            description="Smoke tests of one service",
            assumed_by=FUNCTIONS,
            inline_policies={"SmokeTests": grants.document()},
        )
        for reference in references:
            if isinstance(reference, SecretHeader):
                reference.secret.grant_read(role)  # knows the secret's key as well
        return role


def _to_json(checks: tuple[HttpCheck, ...]) -> str:
    """Write checks without what each has by default."""
    default = HttpCheck("/").to_dict()
    documents = [
        {key: value for key, value in check.to_dict().items() if key == "path" or value != default[key]}
        for check in checks
    ]
    return json.dumps(documents, separators=(",", ":"))
