"""Tags of any ECS resource, by ARN."""

from bluegreen.rehearsal.cloud.api import Document

from .state import State


class Tagging:
    """The operations on tags. AWS refuses ARNs that do not exist; this accepts them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def tag(self, request: Document) -> Document:
        """Add tags, overwriting those of the same key."""
        self._state.put_tags(request["resourceArn"], request["tags"])
        return {}

    def untag(self, request: Document) -> Document:
        """Remove tags by key."""
        with self._state.lock:
            for key in request["tagKeys"]:
                self._state.tags.get(request["resourceArn"], {}).pop(key, None)
        return {}

    def tags(self, request: Document) -> Document:
        """List tags."""
        return {"tags": self._state.tags_of(request["resourceArn"])}
