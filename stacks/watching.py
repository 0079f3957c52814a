"""What watches one environment: who is told of what."""

from collections.abc import Iterable

from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.watching import AlarmTopics, Alert, ServiceAlerts

from .environments import Environment


def define_topics(scope: Construct, environment: Environment, key: kms.IKey) -> AlarmTopics:
    """Define where alerts are told, in the stack that outlives the service.

    Args:
        scope: The stack.
        environment: Whose e-mail addresses they are told to.
        key: What encrypts the messages.
    """
    return AlarmTopics(scope, "Alarms", key=key, emails=environment.emails)


def watch(scope: Construct, *, service: BlueGreenService, topics: AlarmTopics, also: Iterable[Alert]) -> ServiceAlerts:
    """Define every alert of the service, and tell it and those of the stack's other parts.

    Args:
        scope: The service's stack.
        service: The service.
        topics: Where they are told.
        also: The alerts of other parts.
    """
    alerts = ServiceAlerts(scope, "Alerts", service=service)
    topics.tell([*alerts.alerts, *also])
    return alerts
