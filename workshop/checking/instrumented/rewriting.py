"""Makes the project's own `except` clauses visible: each begins by reporting what it caught.

A module of the project is compiled from its syntax tree, in which each `except …:` gets one more
statement at its beginning. No line moves and nothing else changes, so tracebacks are those of the
file. Modules that are installed are compiled and cached as usual.

Imports only the standard library.
"""

import ast
import builtins
import importlib.machinery
import sys
import types

from workshop.checking.instrumented import exceptions, telling

TELL = "__workshop_caught__"


class Catches(ast.NodeTransformer):
    """Puts `__workshop_caught__()` at the head of each exception handler."""

    def visit_ExceptHandler(self, handler):
        self.generic_visit(handler)
        call = ast.Expr(ast.Call(ast.Name(TELL, ast.Load()), [], []))
        for node in ast.walk(call):
            if isinstance(node, ast.expr | ast.stmt):
                ast.copy_location(node, handler)
                node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
        handler.body.insert(0, call)
        return handler


def compiled(source, path):
    """The code of a module, `source` as bytes or as a string, with its handlers made to report.
    Raises what compile() raises."""
    tree = compile(source, path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    return compile(Catches().visit(tree), path, "exec", dont_inherit=True)


def _caught():
    exceptions.tell_caught(sys.exc_info()[1])


def start():
    setattr(builtins, TELL, _caught)
    loader = importlib.machinery.SourceFileLoader
    get_code = loader.get_code

    def get_code_that_tells(self, name):
        path = self.get_filename(name)
        if not telling.is_theirs(path):
            return get_code(self, name)
        return compiled(self.get_data(path), path)

    loader.get_code = get_code_that_tells


def run(path):
    """Run a script as `python path` does."""
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    with open(path, "rb") as file:
        source = file.read()
    exec(compiled(source, path), main.__dict__)
