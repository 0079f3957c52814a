"""Security group rules written into the group itself: a rule resource of its own counts against a stack's 500."""

import jsii
from aws_cdk import aws_ec2 as ec2


@jsii.implements(ec2.IPeer)
class InlinePeer:
    """A security group as the other side of a rule that is written into the group it protects.

    The CDK writes such a rule as a resource of its own, because two groups that name each other inline would wait for
    each other for ever. Use this for one direction only.

    Args:
        security_group: The other side.
    """

    def __init__(self, security_group: ec2.ISecurityGroup) -> None:
        self._group = security_group

    @property
    def can_inline_rule(self) -> bool:
        """Yes: that is what this class is for."""
        return True

    @property
    def unique_id(self) -> str:
        """The other side's unique id."""
        return self._group.unique_id

    @property
    def connections(self) -> ec2.Connections:
        """No connections of its own: it is only ever the other side."""
        return ec2.Connections(peer=self)

    def to_ingress_rule_config(self) -> ec2.IngressRuleConfig:
        """Return the rule's source."""
        return ec2.IngressRuleConfig(source_security_group_id=self._group.security_group_id)

    def to_egress_rule_config(self) -> ec2.EgressRuleConfig:
        """Return the rule's destination."""
        return ec2.EgressRuleConfig(destination_security_group_id=self._group.security_group_id)
