"""Makes ministack's network interfaces keep the address they are given and be found by filters, as EC2's do.

A hook finds a load balancer's private addresses this way; without it, it would be told of every interface there is.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

Form = Mapping[str, Any]
"""A request's parameters; a value is a list of one text."""

FILTERS = {
    "description": "Description",
    "network-interface-id": "NetworkInterfaceId",
    "private-ip-address": "PrivateIpAddress",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}
"""The filters that are understood, and the member that each compares."""


def install() -> None:
    """Put the two actions into ministack's EC2."""
    ec2 = importlib.import_module("ministack.services.ec2")
    actions: dict[str, Callable[[Form], Any]] = ec2._ACTION_MAP  # noqa: SLF001 - checked by name in extension.py
    interfaces: Mapping[str, dict[str, Any]] = ec2._network_interfaces  # noqa: SLF001 - likewise
    create, describe = actions["CreateNetworkInterface"], actions["DescribeNetworkInterfaces"]

    def create_at_its_address(form: Form) -> Any:
        known = set(interfaces)
        response = create(form)
        address = _text(form, "PrivateIpAddress")
        if address:
            (made,) = set(interfaces) - known
            interfaces[made]["PrivateIpAddress"] = address
        return response

    def describe_filtered(form: Form) -> Any:
        wanted = filters(form)
        if not wanted:
            return describe(form)
        if unknown := wanted.keys() - FILTERS.keys():
            return ec2._error(  # noqa: SLF001 - likewise
                "InvalidParameterValue", f"the local cloud does not know the filters {sorted(unknown)}", 400
            )
        found = [one for one in interfaces.values() if matches(one, wanted)]
        # Without an id ministack describes all; an id that cannot exist describes none.
        ids = [one["NetworkInterfaceId"] for one in found] or ["eni-none"]
        return describe({f"NetworkInterfaceId.{number}": [id_] for number, id_ in enumerate(ids, start=1)})

    actions["CreateNetworkInterface"] = create_at_its_address
    actions["DescribeNetworkInterfaces"] = describe_filtered


def filters(form: Form) -> dict[str, list[str]]:
    """Return each filter's name and the values it accepts.

    Example:
        >>> filters({"Filter.1.Name": ["vpc-id"], "Filter.1.Value.1": ["vpc-1"], "Filter.1.Value.2": ["vpc-2"]})
        {'vpc-id': ['vpc-1', 'vpc-2']}
    """
    found: dict[str, list[str]] = {}
    number = 1
    while name := _text(form, f"Filter.{number}.Name"):
        values = found.setdefault(name, [])
        position = 1
        while value := _text(form, f"Filter.{number}.Value.{position}"):
            values.append(value)
            position += 1
        number += 1
    return found


def matches(interface: Mapping[str, Any], wanted: Mapping[str, list[str]]) -> bool:
    """Tell whether an interface passes every filter."""
    return all(interface.get(FILTERS[name]) in values for name, values in wanted.items())


def _text(form: Form, key: str) -> str:
    value = form.get(key, "")
    return str(value[0]) if isinstance(value, list) else str(value)
