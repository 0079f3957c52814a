"""The stacks go to any partition and region: commercial, GovCloud, China."""

from pathlib import Path


def test_no_template_names_a_partition(assembly: Path) -> None:
    """ARNs are written with the partition of wherever the stack goes, never with that of commercial regions."""
    named = {path.name: path.read_text().count("arn:aws") for path in sorted(assembly.glob("*.template.json"))}
    assert len(named) == 7
    assert not any(named.values()), named
