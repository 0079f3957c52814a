"""What AWS would make up for a new resource: its physical id, and the attributes that only `Fn::GetAtt` has."""

import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from bluegreen.rehearsal.cloud.api import Created, Document

from .schemas import Schema

_EC2_PREFIXES = {
    "CarrierGateway": "cagw",
    "CustomerGateway": "cgw",
    "DHCPOptions": "dopt",
    "EgressOnlyInternetGateway": "eigw",
    "EIP": "eipalloc",
    "FlowLog": "fl",
    "NatGateway": "nat",
    "NetworkAcl": "acl",
    "NetworkInterface": "eni",
    "PrefixList": "pl",
    "SecurityGroupEgress": "sgr",
    "SecurityGroupIngress": "sgr",
    "SubnetNetworkAclAssociation": "aclassoc",
    "TransitGateway": "tgw",
    "TransitGatewayAttachment": "tgw-attach",
    "VPCEndpoint": "vpce",
    "VPCEndpointService": "vpce-svc",
    "VPCPeeringConnection": "pcx",
    "VPNConnection": "vpn",
    "VPNGateway": "vgw",
}
"""How EC2's ids begin, from its API reference: their schemas do not say."""

_REF = {"AWS::EC2::EIP": ("PublicIp",)}
"""Where `Ref` returns something else than the schema's primary identifier, from the template reference."""

_WITHOUT_REGION = frozenset({"budgets", "cloudfront", "iam", "organizations", "route53"})
"""Services whose ARNs have no region."""

_BY_NAME = {
    "ip$|ipaddress$": "192.0.2.1",  # of the block that RFC 5737 keeps for examples: nothing is there
    "time(stamp)?$|date$": "2020-01-01T00:00:00Z",
    "port$": "443",
    "^(.*status|.*state)$": "ACTIVE",
    "accountid$": "{account}",
}
"""What is made up for a text of such a name."""


@dataclass(frozen=True)
class Where:
    """Where resources are made up.

    Args:
        region: The region.
        account: The account's number.
    """

    region: str
    account: str


def make_up(schema: Schema, name: str, properties: Document, where: Where) -> Created:
    """Return what CloudFormation learns of a new resource.

    An ARN has the right service, region and account; the form of its last part differs between services and is made up.

    Args:
        schema: The resource type's.
        name: The physical name to use when the properties give none.
        properties: The resource's, with references resolved.
        where: The region and the account.
    """
    known = _Known(schema, name, properties, where)
    return Created(known.physical_id(), {path: known.value(path) for path in schema.read_only})


class _Known:
    """The values of one new resource; each is made up once."""

    def __init__(self, schema: Schema, name: str, properties: Document, where: Where) -> None:
        self._schema, self._name, self._properties, self._where = schema, name, properties, where
        self._resource = schema.type_name.rpartition("::")[2]
        self._made: Document = {}

    def physical_id(self) -> str:
        """Return what `Ref` returns."""
        names = _REF.get(self._schema.type_name, self._schema.identifiers)
        return "|".join(str(self.value(name)) for name in names) or self._name

    def value(self, path: str) -> Any:
        """Return the value of a property, given or made up."""
        given: Any = self._properties
        for part in path.split("."):
            given = given.get(part) if isinstance(given, dict) else None
        if given is not None:
            return given
        if path not in self._made:
            self._made[path] = self._make(path)
        return self._made[path]

    def _make(self, path: str) -> Any:
        part = self._schema.property(path)
        kind = part.get("type", "string")
        match kind if isinstance(kind, str) else kind[0]:
            case "integer" | "number":
                return part.get("minimum", 1)
            case "boolean":
                return False
            case "array":
                return []
            case "object":
                return {}
        return self._text(path, part)

    def _text(self, path: str, part: Document) -> str:
        last = path.rpartition(".")[2]
        if "enum" in part:
            return str(part["enum"][0])
        if last.lower().endswith("arn"):
            return self._arn()
        for pattern, value in _BY_NAME.items():
            if re.search(pattern, last, re.IGNORECASE):
                return value.format(account=self._where.account)
        if re.search("endpoint|domainname|address|dnsname", path, re.IGNORECASE):
            # The top-level domain `invalid` never resolves: nobody is to reach something by chance.
            return f"{self._name.lower()}.{self._schema.iam_prefix}.{self._where.region}.invalid"
        if path not in self._schema.read_only:
            return _named(self._name, part)
        return self._id(part)

    def _id(self, part: Document) -> str:
        """Return an id that the service would make, in the first of AWS's usual forms that the pattern allows."""
        seventeen = secrets.token_hex(9)[:17]
        if self._schema.type_name.startswith("AWS::EC2::") and self._resource in _EC2_PREFIXES:
            return f"{_EC2_PREFIXES[self._resource]}-{seventeen}"
        if self._schema.type_name.startswith("AWS::EC2::"):
            return f"{_kebab(self._resource)}-{seventeen}"
        forms = (str(uuid.uuid4()), seventeen, secrets.token_hex(16), secrets.token_hex(5), self._name)
        return next((form for form in forms if _fits(form, part)), forms[0])

    def _arn(self) -> str:
        service = self._schema.iam_prefix
        region = "" if service in _WITHOUT_REGION else self._where.region
        names = [name for name in self._schema.identifiers if not name.lower().endswith("arn")]
        tail = "/".join(str(self.value(name)) for name in names) or self._name
        return f"arn:aws:{service}:{region}:{self._where.account}:{_kebab(self._resource)}/{tail}"


def _named(name: str, part: Document) -> str:
    """Return CloudFormation's name for a resource as its type allows it: its end, which is unique, is kept."""
    longest = int(part.get("maxLength", len(name)))
    shortened = name if len(name) <= longest else f"{name[: longest - 13].rstrip('-')}-{name[-12:]}"
    forms = (shortened, shortened.lower(), re.sub("[^a-z0-9_]", "_", shortened.lower()))
    return next((form for form in forms if _fits(form, part)), shortened)


def _fits(text: str, part: Document) -> bool:
    """Whether a text has the length and the pattern that a schema asks for; an unreadable pattern asks for nothing."""
    if not int(part.get("minLength", 0)) <= len(text) <= int(part.get("maxLength", len(text))):
        return False
    try:
        return re.search(str(part.get("pattern", "")), text) is not None
    except re.error:
        return True


def _kebab(name: str) -> str:
    """Return a resource's name as ARNs write it.

    Example:
        >>> _kebab("RestoreTestingPlan"), _kebab("WebACL")
        ('restore-testing-plan', 'web-acl')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
