"""What stands between the users of one environment and its service."""

from collections.abc import Sequence

from aws_cdk import CfnOutput, Fn
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk.edge import AccessLogs, EndpointHealth, Failover, FirewallMode, HostedDomain, WebFirewall
from bluegreen.cdk.watching import Alert

from .environments import Environment


class Entrance(Construct):
    """What outlives the service: the name that users call, and the logs of who called.

    Args:
        scope: The stack of the data.
        environment: The name, and how long logs are kept.

    Attributes:
        domain: The name with its zone; None where users call the load balancer by its own name.
        access_logs: The load balancer's logs.
    """

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(scope, "Entrance")
        name = environment.domain_name
        self.domain = HostedDomain(self, "Domain", domain_name=name) if name else None
        self.access_logs = AccessLogs(self, "AccessLogs", retention_days=environment.access_log_days)
        if self.domain:
            servers = Fn.join(" ", list(self.domain.name_servers))
            CfnOutput(scope, "NameServers", value=servers, description=f"NS records of {name}, for the parent domain")

    def certificate(self, scope: Construct) -> acm.Certificate | None:
        """Define the certificate of the name in the service's stack, if users have a name to call.

        Args:
            scope: The service's stack. Its first deploy waits until the parent domain delegates to the name servers.
        """
        return self.domain.certificate(scope) if self.domain else None


def open_to_users(
    scope: Construct, environment: Environment, *, entrance: Entrance, service: BlueGreenService, key: kms.IKey
) -> tuple[Sequence[Alert], cloudwatch.Metric]:
    """Put firewall, logs and name before a service.

    Args:
        scope: The service's stack.
        environment: How long logs are kept.
        entrance: What outlives the service.
        service: The service.
        key: Encrypts the firewall's log.

    Returns:
        The alerts of all that, and how many requests the firewall refuses.
    """
    entrance.access_logs.record(service.load_balancer)
    # The same mode everywhere: what it would refuse in production must be refused in development first.
    firewall = WebFirewall(scope, "Firewall", mode=FirewallMode.BLOCK, key=key, log_retention=environment.log_retention)
    firewall.protect(service.load_balancer)
    if entrance.domain is None:
        _acknowledge_plain_http(service, environment)
        return firewall.alerts, firewall.metric_found()
    health = EndpointHealth(scope, "EndpointHealth", host=service.load_balancer.load_balancer_dns_name)
    # Primary from the first day on, so that another region can step in without this record being made anew.
    entrance.domain.send_to(scope, service.load_balancer, health=health, failover=Failover.PRIMARY)
    return [*firewall.alerts, *health.alerts], firewall.metric_found()


def _acknowledge_plain_http(service: BlueGreenService, environment: Environment) -> None:
    for listener in (service.traffic.production_listener, service.traffic.test_listener):
        acknowledge(
            listener,
            {
                "NIST.800.53.R5-ELBv2ACMCertificateRequired": f"{environment.name} has no name to certify",
                "NIST.800.53.R5-ALBHttpToHttpsRedirection": f"{environment.name} speaks no HTTPS to redirect to",
            },
        )
