"""Where alerts are told: one encrypted topic for each severity."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk._arns import Arns

from .alert import Alert, Severity

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DISPLAY_NAMES = {
    Severity.CRITICAL: "CRITICAL alarms",
    Severity.WARNING: "Warning alarms",
    Severity.INFO: "Informing alarms",
}
"""What stands in an e-mail as its sender."""


class AlarmTopics(Construct):
    """One encrypted SNS topic for each severity, so that each can wake, mail or merely inform other people.

    Only CloudWatch alarms, EventBridge rules and budgets of this account may publish, and only through TLS.

    Args:
        scope: The stack; the one with the data, so that the topics outlive the service.
        construct_id: Its name there.
        key: What encrypts the messages: one that CloudWatch, EventBridge and Budgets may use, such as that of
            `EnvironmentKey`. CloudWatch cannot publish to a topic that AWS's own key encrypts.
        emails: The addresses that get a severity's messages, once somebody has confirmed the subscription by the link
            that AWS mails there. Nobody when omitted.

    Attributes:
        topics: The topic of each severity.

    Raises:
        ValueError: If something is no address, or is given twice for a severity.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> topics = AlarmTopics(
        ...     stack, "Alarms", key=kms.Key(stack, "Key"), emails={Severity.CRITICAL: ["on-call@example.com"]}
        ... )
        >>> topics.topic(Severity.CRITICAL).node.id
        'Critical'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        emails: Mapping[Severity, Sequence[str]] | None = None,
    ) -> None:
        addresses = emails or {}
        _require_addresses(addresses)
        super().__init__(scope, construct_id)
        arns = Arns.of(Stack.of(self))
        self.topics: Mapping[Severity, sns.ITopic] = {
            severity: self._define_topic(severity, key, arns, addresses.get(severity, ())) for severity in Severity
        }
        self._actions = {severity: actions.SnsAction(topic) for severity, topic in self.topics.items()}

    def topic(self, severity: Severity) -> sns.ITopic:
        """Return the topic of a severity.

        Args:
            severity: How soon somebody must look.
        """
        return self.topics[severity]

    def tell(self, alerts: Iterable[Alert]) -> None:
        """Have alerts tell their severity's topic when they are raised, and when all is well again.

        Args:
            alerts: The alerts; each is told once, however often it is given here.
        """
        for alert in {id(alert.alarm): alert for alert in alerts}.values():
            action = self._actions[alert.severity]
            alert.alarm.add_alarm_action(action)
            alert.alarm.add_ok_action(action)

    def _define_topic(self, severity: Severity, key: kms.IKey, arns: Arns, addresses: Sequence[str]) -> sns.Topic:
        name = severity.value.capitalize()
        topic = sns.Topic(self, name, display_name=_DISPLAY_NAMES[severity], master_key=key, enforce_ssl=True)
        policy = cast("sns.TopicPolicy", topic.node.find_child("Policy"))  # enforce_ssl made it
        policy.document.add_statements(*_publishers(arns, topic.topic_arn))
        for address in addresses:
            # Named after the address: in an order of their own, all would have to be confirmed anew when one goes.
            digest = hashlib.sha256(address.encode()).hexdigest()[:8]
            sns.Subscription(
                self, f"{name}Email{digest}", topic=topic, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=address
            )
        return topic


def _publishers(arns: Arns, topic_arn: str) -> Sequence[iam.PolicyStatement]:
    """Return who may publish. EventBridge tells a topic its rule but not its account; the others tell both."""
    sources = {
        "cloudwatch": arns.colon("cloudwatch", "alarm", "*"),
        "events": arns.slash("events", "rule", "*"),
        "budgets": f"arn:{arns.partition}:budgets::{arns.account}:*",
    }
    return [
        iam.PolicyStatement.from_json(
            {
                "Sid": f"Let{service.capitalize()}Publish",
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"ArnLike": {"aws:SourceArn": source}},
            }
        )
        for service, source in sources.items()
    ]


def _require_addresses(emails: Mapping[Severity, Sequence[str]]) -> None:
    for severity, addresses in emails.items():
        for address in addresses:
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"emails must be addresses, got {address!r} for {severity}; write name@domain")
        if len(set(addresses)) != len(addresses):
            raise ValueError(f"emails must name each address once for a severity, got {list(addresses)} for {severity}")
