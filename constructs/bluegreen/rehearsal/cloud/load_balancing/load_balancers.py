"""Operations on load balancers, and on the tags of everything."""

import uuid
import zlib

from bluegreen.rehearsal.cloud.api import ApiError, Document

from . import defaults, validation
from .core import Core
from .records import LoadBalancer

_LEAST_ZONES = 2


class LoadBalancerOperations(Core):
    """Application load balancers; each is active at once, on an address of its own."""

    def create_load_balancer(self, request: Document) -> Document:
        """Create a load balancer and its network interfaces in EC2."""
        name = request["Name"]
        validation.name(name, "Load balancer")
        if request.get("Type", "application") != "application":
            raise validation.not_emulated(f"load balancers of type {request['Type']}")
        subnets = self._subnets(request)
        with self._lock:
            if any(owner.name == name for owner in self._records.load_balancers.values()):
                raise ApiError("DuplicateLoadBalancerName", f"A load balancer with the same name '{name}' exists")
            owner = self._new_load_balancer(request, subnets)
            self._records.load_balancers[owner.arn] = owner
        try:
            owner.interfaces = self._create_interfaces(owner, subnets)
        except Exception:
            with self._lock:
                del self._records.load_balancers[owner.arn]
            raise
        return {"LoadBalancers": [owner.settings]}

    def describe_load_balancers(self, request: Document) -> Document:
        """Describe load balancers by ARN or name; all when nothing is named."""
        with self._lock:
            found = list(self._records.load_balancers.values())
            if "LoadBalancerArns" in request:
                found = [self._load_balancer(arn) for arn in request["LoadBalancerArns"]]
            if "Names" in request:
                found = [owner for owner in found if owner.name in request["Names"]]
                if len(found) < len(set(request["Names"])):
                    raise ApiError("LoadBalancerNotFound", "One or more load balancers not found")
            return {"LoadBalancers": [owner.settings for owner in found]}

    def delete_load_balancer(self, request: Document) -> Document:
        """Delete a load balancer with its listeners; harmless when it is gone already."""
        arn = request["LoadBalancerArn"]
        with self._changing() as records:
            owner = records.load_balancers.get(arn)
            if owner is None:
                return {}
            if owner.attributes["deletion_protection.enabled"] == "true":
                message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
                raise ApiError("OperationNotPermitted", message)
            del records.load_balancers[arn]
        ec2 = self._client("ec2")
        for interface in owner.interfaces:
            ec2.delete_network_interface(NetworkInterfaceId=interface)
        return {}

    def describe_load_balancer_attributes(self, request: Document) -> Document:
        """Describe a load balancer's attributes."""
        with self._lock:
            return _attributes(self._load_balancer(request["LoadBalancerArn"]).attributes)

    def modify_load_balancer_attributes(self, request: Document) -> Document:
        """Change a load balancer's attributes; of all of them only deletion protection has an effect here."""
        changed = validation.attributes(request["Attributes"], defaults.LOAD_BALANCER, "Load balancer")
        with self._lock:
            owner = self._load_balancer(request["LoadBalancerArn"])
            owner.attributes |= changed
            return _attributes(owner.attributes)

    def set_security_groups(self, request: Document) -> Document:
        """Change a load balancer's security groups; like all of them, they are recorded and not enforced."""
        with self._lock:
            owner = self._load_balancer(request["LoadBalancerArn"])
            owner.settings["SecurityGroups"] = request["SecurityGroups"]
            return {"SecurityGroupIds": request["SecurityGroups"]}

    def set_subnets(self, request: Document) -> Document:
        """Change a load balancer's subnets; its address stays."""
        subnets = self._subnets(request)
        with self._lock:
            owner = self._load_balancer(request["LoadBalancerArn"])
            owner.settings["AvailabilityZones"] = _zones(subnets)
            return {"AvailabilityZones": owner.settings["AvailabilityZones"]}

    def add_tags(self, request: Document) -> Document:
        """Tag resources."""
        with self._lock:
            for arn in request["ResourceArns"]:
                self._tags(arn).update({tag["Key"]: tag.get("Value", "") for tag in request["Tags"]})
        return {}

    def remove_tags(self, request: Document) -> Document:
        """Remove tags from resources."""
        with self._lock:
            for arn in request["ResourceArns"]:
                for key in request["TagKeys"]:
                    self._tags(arn).pop(key, None)
        return {}

    def describe_tags(self, request: Document) -> Document:
        """Describe the tags of resources."""
        with self._lock:
            described = [
                {"ResourceArn": arn, "Tags": [{"Key": k, "Value": v} for k, v in self._tags(arn).items()]}
                for arn in request["ResourceArns"]
            ]
            return {"TagDescriptions": described}

    def _tags(self, arn: str) -> dict[str, str]:
        match arn.removeprefix(self._arn_prefix).partition("/")[0]:
            case "loadbalancer":
                return self._load_balancer(arn).tags
            case "targetgroup":
                return self._target_group(arn).tags
            case "listener":
                return self._listener(arn)[1].tags
            case "listener-rule":
                return self._rule(arn)[2].tags
        raise validation.invalid(f"'{arn}' is not a valid load balancing ARN")

    def _subnets(self, request: Document) -> list[Document]:
        """Look the subnets up in EC2; there must be two, in different zones."""
        ids = request.get("Subnets") or [mapping["SubnetId"] for mapping in request.get("SubnetMappings", ())]
        if not ids:
            raise validation.invalid("At least two subnets in two different Availability Zones must be specified")
        subnets: list[Document] = self._client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
        missing = set(ids) - {subnet["SubnetId"] for subnet in subnets}
        if missing:
            raise ApiError("SubnetNotFound", f"The subnets '{', '.join(sorted(missing))}' do not exist")
        if len({subnet["AvailabilityZone"] for subnet in subnets}) < _LEAST_ZONES:
            raise validation.invalid("At least two subnets in two different Availability Zones must be specified")
        return subnets

    def _new_load_balancer(self, request: Document, subnets: list[Document]) -> LoadBalancer:
        name, scheme = request["Name"], request.get("Scheme", "internet-facing")
        arn = self._arn(f"loadbalancer/app/{name}")
        # Ten digits that follow from the ARN, as in AWS's names; nothing resolves them locally.
        label = f"{'internal-' if scheme == 'internal' else ''}{name}-{zlib.crc32(arn.encode()):010d}"
        settings = {
            "LoadBalancerArn": arn,
            "DNSName": f"{label}.{self._region}.elb.amazonaws.com",
            "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
            "CreatedTime": self._clock.now(),
            "LoadBalancerName": name,
            "Scheme": scheme,
            "VpcId": subnets[0]["VpcId"],
            "State": {"Code": "active"},
            "Type": "application",
            "AvailabilityZones": _zones(subnets),
            "SecurityGroups": request.get("SecurityGroups", []),
            "IpAddressType": request.get("IpAddressType", "ipv4"),
        }
        tags = {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags", ())}
        return LoadBalancer(arn, settings, self._network.load_balancer_address(), dict(defaults.LOAD_BALANCER), tags)

    def _create_interfaces(self, owner: LoadBalancer, subnets: list[Document]) -> list[str]:
        """Create the interface by which others find the private address; AWS has one a subnet, here all are one."""
        wanted = {
            "SubnetId": subnets[0]["SubnetId"],
            "Description": f"ELB {owner.full_name}",
            "PrivateIpAddress": owner.address,
            "ClientToken": str(uuid.uuid4()),
        }
        if owner.settings["SecurityGroups"]:
            wanted["Groups"] = owner.settings["SecurityGroups"]
        created = self._client("ec2").create_network_interface(**wanted)
        return [created["NetworkInterface"]["NetworkInterfaceId"]]


def _zones(subnets: list[Document]) -> list[Document]:
    return [{"ZoneName": subnet["AvailabilityZone"], "SubnetId": subnet["SubnetId"]} for subnet in subnets]


def _attributes(attributes: dict[str, str]) -> Document:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]}
