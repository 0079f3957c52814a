"""What waits in another region: copies of the backups, a replica, a network; and the service, once it has to move."""

import ipaddress

import aws_cdk as cdk
from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bluegreen.cdk.data import DatabaseReplica, EnvironmentKey
from bluegreen.cdk.edge import AccessLogs, FirewallMode, WebFirewall
from bluegreen.cdk.network import Network
from bluegreen.cdk.recovery import BackupCopies

from .backups import copies_vault
from .environments import APPLICATION, ENVIRONMENTS, Environment
from .guardrails import tag
from .orders import define_orders
from .watching import define_topics

_APART = 100
"""How far the second byte of the recovery network's addresses is from that of the environment's."""


class RecoveryStack(Stack):
    """Waits in the recovery region, so that a fail-over only has to promote and to deploy.

    Deploy it before the environment's data stack copies backups there, and after the database exists.

    Args:
        scope: The app.
        environment: What is recovered.
        region: The recovery region.
        source_region: The environment's own region.

    Attributes:
        key: What encrypts everything there.
        topics: Where its alerts are told.
        network: The network, whose addresses no environment has.
        copies: The vault of the copies.
        database: The replica.
        access_logs: Where the load balancer there will say who called.
        certificate: The certificate of the name that users call; None when there is no name. It is issued by the DNS
            record that the environment's own certificate has already.
    """

    def __init__(self, scope: Construct, *, environment: Environment, region: str, source_region: str) -> None:
        super().__init__(
            scope,
            environment.recovery_stack_name,
            description=f"What the {APPLICATION} service recovers from in another region, {environment.name}",
            env=cdk.Environment(region=region),
            termination_protection=True,
        )
        tag(self, environment.name)
        self.key = EnvironmentKey(self, "Key").key
        self.topics = define_topics(self, environment, self.key)
        self.network = Network(
            self,
            "Network",
            cidr=recovery_cidr(environment),
            zones=environment.zones,
            nat=environment.nat,
            most_tasks=environment.scaling.max_tasks,
            peers=[other.cidr for other in ENVIRONMENTS.values()],
            flow_log_retention=environment.log_retention,
            key=self.key,
        )
        self.copies = BackupCopies(
            self, "Copies", vault_name=copies_vault(environment), key=self.key, lock=environment.vault_lock
        )
        identifier = f"{APPLICATION}-{environment.name}"
        self.database = DatabaseReplica(
            self,
            "Replica",
            vpc=self.network.vpc,
            source_arn=f"arn:{self.partition}:rds:{source_region}:{self.account}:db:{identifier}",
            name=APPLICATION,
            identifier=f"{identifier}-replica",
            key=self.key,
            engine=environment.database.engine,
            backup_days=environment.database.backup_days,
            log_retention=environment.log_retention,
        )
        self.access_logs = AccessLogs(self, "AccessLogs", retention_days=environment.access_log_days)
        self.certificate = self._certificate(environment.domain_name)
        self.topics.tell([*self.network.alerts, *self.copies.alerts, *self.database.alerts])
        CfnOutput(self, "ReplicaName", value=self.database.identifier)

    def _certificate(self, domain_name: str | None) -> acm.Certificate | None:
        if domain_name is None:
            return None
        validation = acm.CertificateValidation.from_dns()
        return acm.Certificate(self, "Certificate", domain_name=domain_name, validation=validation)


class FailoverStack(Stack):
    """The service in the recovery region, on the replica that has been promoted. Made only while it is needed.

    Args:
        scope: The app.
        environment: What has failed.
        recovery: What waited for this.
        migrator_secret: The ARN of the secret that RDS keeps the promoted replica's master password in.
        version: The image's tag.

    Attributes:
        service: The service.
    """

    def __init__(
        self, scope: Construct, *, environment: Environment, recovery: RecoveryStack, migrator_secret: str, version: str
    ) -> None:
        super().__init__(
            scope,
            f"{environment.name.capitalize()}FailoverStack",
            description=f"The {APPLICATION} service in its recovery region, {environment.name}",
            env=cdk.Environment(region=recovery.region),
        )
        tag(self, environment.name)
        migrator = secretsmanager.Secret.from_secret_complete_arn(self, "Migrator", migrator_secret)
        self.service, _ = define_orders(
            self,
            environment,
            vpc=recovery.network.vpc,
            key=recovery.key,
            database=recovery.database,
            migrator=migrator,
            certificate=recovery.certificate,
            version=version,
        )
        recovery.access_logs.record(self.service.load_balancer)
        log_retention = environment.log_retention
        firewall = WebFirewall(self, "Firewall", mode=FirewallMode.BLOCK, key=recovery.key, log_retention=log_retention)
        firewall.protect(self.service.load_balancer)
        recovery.topics.tell(firewall.alerts)
        CfnOutput(self, "LoadBalancer", value=self.service.load_balancer.load_balancer_dns_name)


def recovery_cidr(environment: Environment) -> str:
    """Return addresses for the recovery region that the environment's network does not have: the two may be joined.

    Example:
        >>> from stacks.environments import PROD
        >>> PROD.cidr, recovery_cidr(PROD)
        ('10.0.0.0/16', '10.100.0.0/16')
    """
    network = ipaddress.ip_network(environment.cidr)
    first = ipaddress.ip_address(int(network.network_address) + (_APART << 16))
    return f"{first}/{network.prefixlen}"
