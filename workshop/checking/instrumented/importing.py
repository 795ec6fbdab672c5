"""Calls a function with a module as soon as the project's code has imported it, and not before.

Imports only the standard library.
"""

import sys


class AfterImport:
    """A finder of `sys.meta_path` that finds nothing itself: it leaves that to the others, and
    calls the function once the module has run."""

    def __init__(self, functions):
        self.functions = functions  # by the module's name

    def find_spec(self, name, path=None, target=None):
        function = self.functions.get(name)
        if function is None:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find and finder is not self and find(name, path, target)
            if spec:
                break
        else:
            return None
        run = spec.loader.exec_module

        def run_and_call(module):
            run(module)
            function(module)

        spec.loader.exec_module = run_and_call
        return spec


def when_imported(functions):
    """`functions`: by the full name of a module, what to call with it. At once for those that are
    already imported."""
    sys.meta_path.insert(0, AfterImport(functions))
    for name, function in functions.items():
        if name in sys.modules:
            function(sys.modules[name])
