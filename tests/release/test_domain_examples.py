import doctest
import importlib
import pkgutil

import pytest

import bluegreen.release


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(bluegreen.release.__path__)])
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    """Every example in the domain's docstrings prints what it says it prints."""
    result = doctest.testmod(importlib.import_module(f"bluegreen.release.{name}"))
    assert result.failed == 0
