"""Answers long lists page by page, as AWS does."""

from collections.abc import Sequence
from typing import TypeVar

from bluegreen.rehearsal.cloud.api import ApiError, Document

Item = TypeVar("Item")


def page(items: Sequence[Item], request: Document, *, default: int, most: int) -> tuple[Sequence[Item], Document]:
    """Return the page that a request asks for, and what the answer says of the next one.

    Args:
        items: The whole list, always in the same order.
        request: Its MaxRecords and NextToken count.
        default: How many items when MaxRecords is not given.
        most: The most that MaxRecords may ask for.

    Raises:
        ApiError: If NextToken is not one that was handed out, or MaxRecords is out of range.
    """
    size = request.get("MaxRecords", default)
    if not 1 <= size <= most:
        raise ApiError("ValidationError", f"MaxRecords must be 1-{most}, got {size}")
    token = request.get("NextToken", "0")
    if not token.isdecimal():
        raise ApiError("InvalidNextToken", f"NextToken {token!r} was not handed out here")
    start = int(token)
    after = start + size
    return items[start:after], {"NextToken": str(after)} if after < len(items) else {}
