"""Refuses tags of a whole stack, nested or not: CloudFormation would put them onto the frozen ECS service."""

import jsii
from aws_cdk import Stack, TagManager
from constructs import IValidation


def refuse_stack_tags(stack: Stack) -> None:
    """Have synthesis fail when a stack, or one that it is nested in, has tags. Call it once a stack.

    Those of `cdk deploy --tags` are not known at synthesis, and not refused.

    Args:
        stack: A stack with a service.
    """
    stack.node.add_validation(_StackTags(stack))


@jsii.implements(IValidation)
class _StackTags:
    """Looks at the end, because tags may be added after the service."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def validate(self) -> list[str]:
        """Return a message for each stack that has tags."""
        found = []
        stack: Stack | None = self._stack
        while stack:
            if tags := stack.tags.tag_values():
                found.append(
                    f"{stack.node.path} must have no tags of its own, got {', '.join(sorted(tags))}: CloudFormation "
                    "puts a stack's tags onto its ECS service, and ECS refuses every later change of them there; tag "
                    'resources instead, by Tags.of(...) with the context "@aws-cdk/core:explicitStackTags": true in '
                    'cdk.json, or with exclude_resource_types=["aws:cdk:stack"]'
                )
            nested = stack.nested_stack_resource
            manager = TagManager.of(nested) if nested else None
            if manager and (tags := manager.tag_values()):
                found.append(
                    f"the nested stack {stack.node.path} must have no tags, got {', '.join(sorted(tags))}: "
                    "CloudFormation puts them onto its ECS service, and ECS refuses every change of them there; add "
                    'exclude_resource_types=["AWS::CloudFormation::Stack"] to Tags.of(...) of what is around it, which '
                    "tags the resources in it all the same"
                )
            stack = stack.nested_stack_parent
        return found
