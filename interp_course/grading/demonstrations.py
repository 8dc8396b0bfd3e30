"""Leave out what grading does not need: cells that only show something and cost time.

A cell with the tag ``demonstration`` trains, measures and draws for the reader. Its author
promises that it changes nothing in place. It need not run in grading unless a cell that does run
reads a name that it assigns; that is found here, from the source of the submitted notebook, so
that a student who builds on a demonstration has it run.
"""

import ast
import builtins
import re
import symtable
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

TAG = "demonstration"
_AT_ONCE = ("listcomp", "setcomp", "dictcomp", "genexpr")
"""Scopes that are evaluated where they stand."""
_PARTS = ("key", "value", "elt")
"""Of comprehensions."""
_WORD = re.compile(r"[^\W\d]\w*")
_MAGIC = re.compile(r"^[ \t]*[%!?].*$|^.*\?$", re.MULTILINE)


@dataclass(frozen=True)
class Names:
    """What a cell does with the names of the notebook."""

    assigned: frozenset[str]
    read: frozenset[str]
    """Before the cell has assigned them itself."""
    read_later: frozenset[str]
    """Within functions, which may be called at any time."""


def unneeded(cells: Sequence[NotebookNode]) -> set[int]:
    """The places of the demonstrations that no other cell which runs depends on."""
    names = {i: names_of(cell.source) for i, cell in enumerate(cells) if cell.cell_type == "code"}
    left = {i for i in names if TAG in cells[i].metadata.get("tags", [])}
    while True:
        needed = {i for i in left if _is_needed(i, names, left)}
        if not needed:
            return left
        left -= needed


def _is_needed(place: int, names: dict[int, Names], left: set[int]) -> bool:
    """Whether a cell that runs reads a name for which this one is the last to assign it."""
    run = {i: entry for i, entry in names.items() if i not in left}
    elsewhere = frozenset().union(*(entry.assigned for entry in run.values()))
    for other, entry in run.items():
        later = entry.read_later - elsewhere
        wanted = entry.read | later if other > place else later
        between = (names[i].assigned for i in names if place < i < other)
        if (names[place].assigned & wanted) - frozenset().union(*between):
            return True
    return False


def names_of(source: str) -> Names:
    """The names that a cell assigns and reads; of one that cannot be parsed, all its words."""
    source = _MAGIC.sub("pass", source)
    try:
        tree = ast.parse(source)
        table = symtable.symtable(source, "cell", "exec")
    except SyntaxError:
        words = frozenset(_WORD.findall(source))
        return Names(words, words, words)
    reader = _Reader()
    for statement in tree.body:
        reader.visit(statement)
    return Names(
        frozenset(s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()),
        frozenset(reader.read - set(dir(builtins))),
        frozenset(_of_functions(table) | reader.texts),
    )


def _of_functions(table: symtable.SymbolTable) -> set[str]:
    """Names of the notebook that are read within functions and classes."""
    found: set[str] = set()
    for child in table.get_children():
        if child.get_name() not in _AT_ONCE:
            own = (s for s in child.get_symbols() if s.is_global() and s.is_referenced())
            found |= {s.get_name() for s in own} | _of_functions(child)
    return found - set(dir(builtins))


class _Reader(ast.NodeVisitor):
    """Collects what is read before it is assigned, in the order of evaluation."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.texts: set[str] = set()
        """Texts that could be names, as for ``globals()["x"]``."""
        self._bound: set[str] = set()

    def visit(self, node: ast.AST) -> None:
        """As usual, but for comprehensions, which have names of their own."""
        generators: list[ast.comprehension] | None = getattr(node, "generators", None)
        if generators is None:
            super().visit(node)
            return
        kept = set(self._bound)
        for generator in generators:
            self._in_order(generator.iter, generator.target, *generator.ifs)
        self._in_order(*(getattr(node, part) for part in _PARTS if hasattr(node, part)))
        self._bound = kept

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bound.add(node.id)
        elif node.id not in self._bound:
            self.read.add(node.id)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and ("globals" in self.read or "exec" in self.read):
            self.texts.update(_WORD.findall(node.value))

    def visit_Assign(self, node: ast.Assign) -> None:
        self._in_order(node.value, *node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._in_order(node.annotation, *([node.value] if node.value else []), node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self._bound:
            self.read.add(node.target.id)
        self._in_order(node.value, node.target)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._in_order(*node.decorator_list, *node.args.defaults)
        self._bound.add(node.name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._in_order(*node.decorator_list, *node.bases)
        self._bound.add(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._in_order(*node.args.defaults)

    def visit_For(self, node: ast.For) -> None:
        self._in_order(node.iter, node.target)
        self._maybe(node.body)
        self._maybe(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self._in_order(node.test)
        self._maybe(node.body)

    def visit_If(self, node: ast.If) -> None:
        self._in_order(node.test)
        self._maybe(node.body)
        self._maybe(node.orelse)

    def _in_order(self, *nodes: ast.AST) -> None:
        for node in nodes:
            self.visit(node)

    def _maybe(self, body: Sequence[ast.stmt]) -> None:
        """What is assigned here may not be assigned after it."""
        kept = set(self._bound)
        self._in_order(*body)
        self._bound = kept
