"""The examples in the release function's docstrings."""

import doctest
import importlib
from pathlib import Path

import pytest

import handler

MODULES = sorted(path.stem for path in Path(handler.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    """Every example in the release function's docstrings prints what it says it prints."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_newer_revision_is_told_from_an_older_one() -> None:
    """Revisions are compared as numbers, within one family only; what cannot be compared is not newer."""
    newer = importlib.import_module("stack_status").newer
    prefix = "arn:aws:ecs:eu-west-1:111122223333:task-definition"
    assert newer(f"{prefix}/orders:10", f"{prefix}/orders:9")
    assert not newer(f"{prefix}/orders:9", f"{prefix}/orders:10")
    assert not newer(f"{prefix}/orders:9", f"{prefix}/orders:9")
    assert not newer(f"{prefix}/billing:9", f"{prefix}/orders:1")
    assert not newer(f"{prefix}/orders:9", None)
    assert not newer("orders", "orders:1")
