"""The tags by which costs are split and owners are found."""

import re
from dataclasses import asdict, dataclass

from aws_cdk import Tags
from constructs import IConstruct

_VALUE = re.compile(r"[\w +\-=.:/@]{1,256}")
"""What every service of AWS takes in the value of a tag."""
_NOT_TAGGED = ["aws:cdk:stack", "AWS::CloudFormation::Stack"]
"""CloudFormation puts the tags of a stack onto the ECS services in it, which refuse to have them changed."""


@dataclass(frozen=True, kw_only=True)
class CostTags:
    """Whose a resource is, what it is for, and who pays.

    The keys are `owner`, `cost-center`, `application` and `environment`. Bills can be split by them once somebody has
    activated them as cost allocation tags, in the account that pays.

    Args:
        owner: Who answers for it, such as a team.
        cost_center: Who pays, as your accounting names it.
        application: What it belongs to.
        environment: Which instance of that, such as "prod".

    Raises:
        ValueError: If a value is not 1-256 letters, digits, spaces and `_ . : / = + - @`, has a space at an end, or
            begins with "aws:", which AWS reserves.

    Example:
        >>> CostTags(owner="shop-team", cost_center="4711", application="shop", environment="dev").to_dict()
        {'owner': 'shop-team', 'cost-center': '4711', 'application': 'shop', 'environment': 'dev'}
    """

    owner: str
    cost_center: str
    application: str
    environment: str

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not _VALUE.fullmatch(value) or value != value.strip():
                raise ValueError(
                    f"{name} must be 1-256 letters, digits, spaces and any of _ . : / = + - @, without a space at an "
                    f"end, got {value!r}"
                )
            if value.lower().startswith("aws:"):
                raise ValueError(f"{name} must not begin with 'aws:', which AWS reserves, got {value!r}")

    def to_dict(self) -> dict[str, str]:
        """Return the tags by their keys."""
        return {name.replace("_", "-"): value for name, value in asdict(self).items()}

    def add_to(self, scope: IConstruct) -> None:
        """Tag everything inside a construct that can be tagged, whenever it is defined; stacks themselves are not.

        What this library freezes stays without: the ECS service and its target groups. The service's tasks have the
        tags of their task definition.

        Args:
            scope: The construct: a stack, or the app.
        """
        tags = Tags.of(scope)
        for key, value in self.to_dict().items():
            tags.add(key, value, exclude_resource_types=_NOT_TAGGED)
