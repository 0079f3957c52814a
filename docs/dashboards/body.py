"""A dashboard's body as it was synthesized: what only a deployment knows is replaced by a name that says what it is."""

import json
from collections.abc import Mapping
from typing import Any

Template = Mapping[str, Any]
REGION = "eu-west-1"
_KNOWN = {"AWS::Region": REGION, "AWS::Partition": "aws", "AWS::AccountId": "111122223333", "AWS::StackName": "stack"}


def dashboards(template: Template) -> dict[str, dict[str, Any]]:
    """Return the bodies of a template's dashboards.

    Args:
        template: A synthesized stack.

    Returns:
        Each dashboard's body, by its logical id.
    """
    return {
        logical_id: json.loads(stand_in(resource["Properties"]["DashboardBody"]))
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Dashboard"
    }


def stand_in(value: Any) -> str:
    """Return a text for a value of a template.

    Args:
        value: A text, or an intrinsic function.

    Returns:
        The text, with a stand-in for what only a deployment knows.

    Example:
        >>> stand_in({"Fn::Join": ["/", [{"Ref": "AWS::Region"}, {"Fn::GetAtt": ["Blue", "TargetGroupFullName"]}]]})
        'eu-west-1/<Blue.TargetGroupFullName>'
    """
    match value:
        case {"Fn::Join": [separator, parts]}:
            text = str(separator).join(map(stand_in, parts))
        case {"Ref": name}:
            text = _KNOWN.get(name, f"<{name}>")
        case {"Fn::GetAtt": [name, attribute]}:
            text = f"<{name}.{attribute}>"
        case {"Fn::ImportValue": exported}:
            text = f"<{stand_in(exported)}>"
        case {"Fn::Select": [index, parts]}:
            text = f"<{index} of {stand_in(parts)}>"
        case {"Fn::Split": [separator, whole]}:
            text = f"{stand_in(whole)} by {separator}"
        case _:
            text = str(value)
    return text
