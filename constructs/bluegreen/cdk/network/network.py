"""A VPC that a service can be released in: three kinds of subnets, the way out, and what may pass."""

from collections.abc import Mapping, Sequence

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._require import require_range
from bluegreen.cdk.watching.define_alert import RUNBOOKS

from ._access_lists import isolated_list, public_list
from ._flow_log import define_flow_log
from ._nat_alert import nat_alert
from .address_plan import AddressPlan, require_disjoint, vpc_network
from .endpoints import NEEDED_WITHOUT_NAT, Endpoint
from .nat import Nat

_FEWEST_ZONES, _MOST_ZONES = 2, 6
_HTTPS = 443


class Network(Construct):
    """A VPC with a public, a private and an isolated subnet in each zone, a log of its traffic and access lists.

    Public subnets have the load balancers, private ones the tasks and functions, isolated ones the data stores. No
    subnet gives out public addresses. S3 and DynamoDB are reached from the private subnets without NAT, for free.
    A service finds the private subnets by itself, also without NAT: to the CDK they are private with egress always.
    Without NAT, images must come from the account's own registry: no endpoint leads to a public one.

    The zones are the region's first ones, chosen at deployment; the stack needs to know neither account nor region.
    In China, name the region all the same if there are interface endpoints: some have another prefix there.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        cidr: The VPC's addresses: a network of private ones, /16-/28, that can never change. 10.0.0.0/16 when omitted.
        zones: How many availability zones, 2-6. Three when omitted; some regions have no more.
        nat: How private subnets reach the internet. One gateway in each zone when omitted.
        endpoints: AWS services to reach by interface endpoints, beside those that this library's parts need without
            NAT (`NEEDED_WITHOUT_NAT`). None when omitted.
        most_tasks: How many tasks all services here have together at most, at least 1, each in one colour: a private
            subnet must have room for both colours should the other zones be lost. 50 when omitted.
        peers: Networks that this one must not overlap with: those of other environments and regions, or of an office.
            None when omitted.
        public_ports: TCP ports on which the internet may reach load balancers, 1-65535. 80 and 443 when omitted.
        flow_log_retention: How long the log of the traffic is kept. One month when omitted.
        key: What encrypts that log; it must let CloudWatch Logs use it. CloudWatch Logs' own key when omitted.
        runbooks: Where it is written what to do about an alert. docs/runbooks.md when omitted.

    Attributes:
        vpc: The VPC.
        cidr: Its addresses.
        private_subnets: Selects the subnets of tasks and functions.
        isolated_subnets: Selects the subnets of data stores.
        flow_logs: The log of the traffic.
        endpoints: The interface endpoints.
        alerts: What to tell people of: NAT gateways that run out of ports.

    Raises:
        ValueError: If a value is out of range, the addresses overlap with a peer's, or are too few for both colours.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> network = Network(stack, "Network", zones=2, nat=Nat.one(), peers=["10.1.0.0/16"])
        >>> len(network.vpc.private_subnets)
        2
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cidr: str = "10.0.0.0/16",
        zones: int = 3,
        nat: Nat | None = None,
        endpoints: Sequence[Endpoint] = (),
        most_tasks: int = 50,
        peers: Sequence[str] = (),
        public_ports: Sequence[int] = (80, 443),
        flow_log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        key: kms.IKey | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        require_range("zones", zones, _FEWEST_ZONES, _MOST_ZONES, known=True)
        require_range("most_tasks", most_tasks, 1, 5000, known=True)
        for port in public_ports:
            require_range("public_ports", port, 1, 65535)
        gateways = (nat or Nat.one_per_zone()).gateways(zones=zones)
        chosen = dict.fromkeys([*(() if gateways else NEEDED_WITHOUT_NAT), *map(Endpoint, endpoints)])
        plan = AddressPlan.divide(vpc_network(cidr), zones)
        require_disjoint([cidr, *peers])
        plan.require_room(most_tasks, len(chosen))
        super().__init__(scope, construct_id)
        self.cidr = cidr
        self.private_subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        self.isolated_subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        self.vpc = self._vpc(plan, gateways)
        self.flow_logs = define_flow_log(self, self.vpc, retention=flow_log_retention, key=key)
        public_list(self, self.vpc, plan.cidr, ports=public_ports, answers=gateways > 0)
        isolated_list(self, self.vpc, plan.cidr)
        self.alerts = nat_alert(self, self.vpc, runbooks)
        self.endpoints = self._interface_endpoints(list(chosen))
        self._acknowledge()

    def _vpc(self, plan: AddressPlan, gateways: int) -> ec2.Vpc:
        zones = Fn.get_azs()
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(self.cidr),
            # A stack that may go to any account knows no zones at synth, and the CDK then takes two.
            availability_zones=[Fn.select(number, zones) for number in range(plan.zones)],
            nat_gateways=gateways,
            subnet_configuration=[  # in the plan's order
                ec2.SubnetConfiguration(
                    name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=plan.private_prefix
                ),
                ec2.SubnetConfiguration(
                    name="Public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=plan.edge_prefix,
                    map_public_ip_on_launch=False,
                ),
                ec2.SubnetConfiguration(
                    name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=plan.edge_prefix
                ),
            ],
            gateway_endpoints={
                name: ec2.GatewayVpcEndpointOptions(service=service, subnets=[self.private_subnets])
                for name, service in (
                    ("S3", ec2.GatewayVpcEndpointAwsService.S3),
                    ("DynamoDb", ec2.GatewayVpcEndpointAwsService.DYNAMODB),
                )
            },
            restrict_default_security_group=False,
        )

    def _interface_endpoints(self, chosen: Sequence[Endpoint]) -> Mapping[Endpoint, ec2.InterfaceVpcEndpoint]:
        if not chosen:
            return {}
        group = ec2.SecurityGroup(
            self,
            "EndpointGroup",
            vpc=self.vpc,
            description="AWS services, for all in the VPC",
            allow_all_outbound=False,
        )
        # Whom to let in is known here by address alone: the groups of tasks and functions belong to stacks after this.
        group.add_ingress_rule(ec2.Peer.ipv4(self.cidr), ec2.Port.tcp(_HTTPS), "from the VPC")
        return {
            endpoint: ec2.InterfaceVpcEndpoint(
                self,
                f"Endpoint{endpoint.name.title().replace('_', '')}",
                vpc=self.vpc,
                service=ec2.InterfaceVpcEndpointAwsService(endpoint.value),
                subnets=self.private_subnets,
                security_groups=[group],
                private_dns_enabled=True,
                open=False,
            )
            for endpoint in chosen
        }

    def _acknowledge(self) -> None:
        acknowledge(
            self.vpc,
            {
                "NIST.800.53.R5-VPCDefaultSecurityGroupClosed": "nothing is ever put into the default group, and "
                "emptying it takes a function that may change every group of the account"
            },
        )
        for subnet in self.vpc.public_subnets:
            acknowledge(
                subnet,
                {
                    "NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW": "answers of the load balancer and questions of the "
                    "NAT gateway go to the whole internet from here; no task does"
                },
            )
