"""The page that says what an environment costs."""

from pathlib import Path

from costs.__main__ import PAGE, page


def test_the_page_says_what_the_templates_hold(assembly: Path) -> None:
    """docs/costs.md is what `make costs` writes today: a change that costs money is seen in review."""
    assert PAGE.read_text() == page(assembly)
