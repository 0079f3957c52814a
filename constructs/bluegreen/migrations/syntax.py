"""What the text of a revision says before anything of it runs, by its syntax tree."""

import ast


def leaves_its_transaction(source: str) -> bool:
    r"""Return whether a revision opens an autocommit block, which commits what was done before it.

    Example:
        >>> leaves_its_transaction("def upgrade():\n    with op.get_context().autocommit_block():\n        pass")
        True
    """
    return "autocommit_block" in _names(ast.parse(source))


def asks_how_it_runs(source: str) -> bool:
    r"""Return whether a revision asks if it is only rendered: what it then prints is not what it would run.

    Example:
        >>> asks_how_it_runs("def upgrade():\n    if not context.is_offline_mode():\n        fill()")
        True
    """
    return bool({"is_offline_mode", "as_sql"} & _names(ast.parse(source)))


def is_reversible(source: str) -> bool:
    r"""Return whether a revision's downgrade does something, or has nothing to do.

    Alembic runs `downgrade(): pass` with success and takes nothing back.

    Example:
        >>> is_reversible("def upgrade(): op.drop_table('t')\ndef downgrade(): pass")
        False
        >>> is_reversible("def upgrade(): op.add_column('t', c)\ndef downgrade(): op.drop_column('t', 'c')")
        True
        >>> is_reversible("def upgrade(): pass\ndef downgrade(): pass")
        True
    """
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    upgrade, downgrade = functions.get("upgrade"), functions.get("downgrade")
    if upgrade is None or not _acts(upgrade):
        return True
    return downgrade is not None and _acts(downgrade) and not isinstance(downgrade.body[-1], ast.Raise)


def _acts(function: ast.FunctionDef) -> bool:
    """Return whether anything is called before the function ends."""
    acting = [node for node in function.body if not isinstance(node, ast.Pass | ast.Raise)]
    return any(isinstance(inner, ast.Call) for node in acting for inner in ast.walk(node))


def _names(tree: ast.AST) -> set[str]:
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
