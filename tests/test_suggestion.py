"""An edit is made to the learner's text as it is, and is as small as whole lines allow."""

import ast

import pytest

from workshop.checking.explaining.edits import (
    above,
    after,
    around,
    based_on,
    before,
    below,
    ended_with,
    first_in,
    instead,
    instead_of_all,
    last_in,
    left_out,
    moved,
    removed,
    taking,
    undecorated,
    under,
    unwrapped,
    whole_line,
    without,
    without_key,
)
from workshop.checking.explaining.source import Source
from workshop.checking.explaining.suggestion import suggest

TEXT = """\
import json


class ChatConsumer:
    async def receive(self, text_data):
        # Émile's own comment
        é = "ü"; self.send(text_data)  # stays

    @decorated
    def connect(self):
        self.accept()
        return None
"""


@pytest.fixture
def source(tmp_path) -> Source:
    file = tmp_path / "consumers.py"
    file.write_text(TEXT, encoding="utf-8")
    return Source(file, "consumers")


def the(source, kind, number=0):
    return list(source.nodes(kind))[number]


def test_a_node_is_replaced_and_its_line_keeps_the_rest(source):
    call = next(source.calls("send"))
    found = suggest(source, instead(call, f"await {source.code(call)}"))
    assert (found.line, found.end_line) == (7, 7)
    assert found.replacement == '        é = "ü"; await self.send(text_data)  # stays'
    assert found.applied_to(TEXT) == TEXT.replace("self.send", "await self.send")


def test_several_changes_are_one_edit(source):
    call, function = next(source.calls("accept")), the(source, ast.FunctionDef)
    found = suggest(
        source,
        instead(call, f"await {source.code(call)}"),
        instead(function, source.code(function)),
    )
    assert found is None  # they overlap, and await is in a plain def
    found = suggest(
        source, above(source.tree.body[0], "import asyncio"), instead(call, "self.accept(None)")
    )
    assert (found.line, found.end_line) == (1, 11)
    assert found.applied_to(TEXT) == "import asyncio\n" + TEXT.replace("accept()", "accept(None)")


def test_code_comes_above_a_statement_and_its_decorators(source):
    found = suggest(source, above(the(source, ast.FunctionDef), "x = 1\nif x:\n    y = 2\n"))
    assert (found.line, found.end_line) == (9, 9)
    new = "    x = 1\n    if x:\n        y = 2\n    @decorated\n"
    assert found.applied_to(TEXT) == TEXT.replace("    @decorated\n", new)


def test_code_comes_below_the_last_line_of_a_file(source):
    found = suggest(source, below(the(source, ast.Return), "pass"))
    assert found.applied_to(TEXT) == TEXT + "        pass\n"


@pytest.mark.parametrize("end", ["\n", ""])
def test_lines_go(tmp_path, end):
    file = tmp_path / "routing.py"
    text = "a = 1\nb = 2\nc = 3" + end
    file.write_text(text, encoding="utf-8")
    source = Source(file)
    for number, left in enumerate(["b = 2\nc = 3", "a = 1\nc = 3", "a = 1\nb = 2"]):
        found = suggest(source, without(source.tree.body[number]))
        assert found.applied_to(text).rstrip("\n") == left
        assert found.replacement is None or found.replacement == ""


def test_what_would_not_be_python_is_not_suggested(source):
    assert suggest(source, instead(next(source.calls("accept")), "self.accept(")) is None
    statements = the(source, ast.FunctionDef).body
    assert suggest(source, *(without(statement) for statement in statements)) is None
    assert suggest(source, instead(statements[1], "return None")) is None  # nothing would change


def test_code_comes_right_before_and_after_a_node(source):
    call = next(source.calls("send"))
    found = suggest(source, before(call, "(await "), after(call, ")"))
    assert found.replacement == '        é = "ü"; (await self.send(text_data))  # stays'


CALL = """\
@one
@two(
    3
)
def f():
    gather(
        a,
        loop=b,
        *c,
    )
"""


@pytest.mark.parametrize("left", [0, 1, 2])
def test_one_of_several_arguments_goes_with_its_comma(tmp_path, left):
    file = tmp_path / "views.py"
    file.write_text(CALL, encoding="utf-8")
    source = Source(file)
    call = next(source.calls("gather"))
    all_of_them = [call.args[0], call.keywords[0], call.args[1]]
    found = suggest(source, left_out(all_of_them[left], [*call.args, *call.keywords]))
    names = ["a", "loop=b", "*c"]
    expected = ast.unparse(ast.parse(f"gather({', '.join(names[:left] + names[left + 1 :])})"))
    assert ast.unparse(ast.parse(found.applied_to(CALL)).body[0].body[0]) == expected


def test_a_decorator_goes_with_all_its_lines(tmp_path):
    file = tmp_path / "views.py"
    file.write_text(CALL, encoding="utf-8")
    source = Source(file)
    found = suggest(source, undecorated(source.tree.body[0].decorator_list[1]))
    assert found.applied_to(CALL) == CALL.replace("@two(\n    3\n)\n", "")


def test_a_block_gives_its_place_to_what_is_in_it(tmp_path):
    file = tmp_path / "games.py"
    file.write_text(
        "async def play():\n    async with lock:\n        a()\n\n        b()\n    c()\n",
        encoding="utf-8",
    )
    source = Source(file)
    found = suggest(source, unwrapped(source, the(source, ast.AsyncWith)))
    after = "async def play():\n    a()\n\n    b()\n    c()\n"
    assert found.applied_to(source.text) == after
    found = suggest(source, instead_of_all(the(source, ast.AsyncFunctionDef).body, "x()\ny()"))
    assert found.applied_to(source.text) == "async def play():\n    x()\n    y()\n"


def test_a_whole_line_is_another_one(source):
    found = suggest(source, whole_line(source, 7, "        self.send(text_data)"))
    assert (found.line, found.end_line) == (7, 7)
    assert found.replacement == "        self.send(text_data)"


def of(tmp_path, text):
    (tmp_path / "code.py").write_text(text, encoding="utf-8")
    return Source(tmp_path / "code.py")


def test_code_stands_around_a_node(source):
    call = next(source.calls("send"))
    found = suggest(source, *around(call, "list(", ")"))
    assert found.applied_to(TEXT) == TEXT.replace(
        "self.send(text_data)", "list(self.send(text_data))"
    )


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("pass", "end()"),
        ("...", "end()"),
        ("begin()", "begin()\n    end()"),
        ("begin()\n    return 1", "begin()\n    end()\n    return 1"),
        ("if a:\n        return\n    begin()", None),  # it may return before
    ],
)
def test_a_function_ends_with_code(tmp_path, body, after):
    text = f"def f(a):\n    {body}\n\n\nf(1)\n"
    source = of(tmp_path, text)
    found = suggest(source, *ended_with(source.tree.body[0], "end()"))
    assert (found and found.applied_to(text)) == (after and text.replace(body, after))


@pytest.mark.parametrize(
    "head",
    [
        "def f():",
        "async def f( é, b=(1, 2) ):",
        "def f(\n    a: dict = {},  # (\n    *,\n    b,\n) -> None:",
    ],
)
def test_a_function_takes_other_arguments(tmp_path, head):
    text = f"@g()\n{head}\n    g(1)\n"
    source = of(tmp_path, text)
    found = suggest(source, taking(source, source.tree.body[0], "self, x=()"))
    function = ast.parse(found.applied_to(text)).body[0]
    assert ast.unparse(function.args) == "self, x=()"
    assert ast.unparse(function.body[0]) == "g(1)"


@pytest.mark.parametrize(
    ("before", "first", "last"),
    [
        ("[]", "[0]", "[0]"),
        ("[1]", "[0, 1]", "[1, 0]"),
        ("[\n    *a,\n    2,\n]", "[\n    0,\n    *a,\n    2,\n]", "[\n    *a,\n    2,\n    0,\n]"),
    ],
)
def test_a_list_gets_an_entry(tmp_path, before, first, last):
    source = of(tmp_path, f"a = {before}\n")
    display = source.tree.body[0].value
    assert suggest(source, first_in(display, "0")).applied_to(source.text) == f"a = {first}\n"
    assert suggest(source, last_in(display, "0")).applied_to(source.text) == f"a = {last}\n"


@pytest.mark.parametrize("number", range(3))
def test_a_list_loses_an_entry(tmp_path, number):
    text = "a = [\n    1, 2,  # two\n    3,\n]\n"
    source = of(tmp_path, text)
    display = source.tree.body[0].value
    found = suggest(source, left_out(display.elts[number], display.elts))
    left = [one for one in (1, 2, 3) if one != number + 1]
    assert ast.literal_eval(found.applied_to(text).removeprefix("a = ")) == left


def test_a_dictionary_gets_an_entry(tmp_path):
    for written, expected in (
        ("{}", "{'b': 0}"),
        ("{1: 2}", "{'b': 0, 1: 2}"),
        ("{**c}", "{'b': 0, **c}"),
    ):
        source = of(tmp_path, f"a = {written}\n")
        found = suggest(source, first_in(source.tree.body[0].value, "'b': 0"))
        assert found.applied_to(source.text) == f"a = {expected}\n"


def edited(tmp_path, text, *changes) -> str | None:
    """The text after the changes, which are functions from its Source to one or more of them."""
    file = tmp_path / "edited.py"
    file.write_text(text, encoding="utf-8")
    source, made = Source(file), []
    for change in changes:
        found = change(source)
        made += found if isinstance(found, list) else [found]
    suggestion = suggest(source, *made)
    return suggestion and suggestion.applied_to(text)


def test_a_statement_goes_with_the_if_that_has_nothing_else(tmp_path):
    text = "if a:\n    if b:\n        c()\nd()\n"
    go = lambda source: removed(source, the(source, ast.Expr, 1))  # noqa: E731
    assert edited(tmp_path, text, go) == "d()\n"
    assert edited(tmp_path, text.replace("d()", "else:\n    d()"), go) == (
        "if a:\n    pass\nelse:\n    d()\n"
    )


def test_a_statement_that_is_all_of_a_function_leaves_a_pass(tmp_path):
    text = "def f():\n    a()\n"
    go = lambda source: removed(source, the(source, ast.Expr))  # noqa: E731
    assert edited(tmp_path, text, go) == "def f():\n    pass\n"


def test_a_function_moves_into_a_class(tmp_path):
    text = "class A:\n    x = 1\n\n\n@d\ndef f(self):\n    return 1\n"
    go = lambda source: moved(source, source.tree.body[1], source.tree.body[0])  # noqa: E731
    assert edited(tmp_path, text, go).rstrip("\n") == (
        "class A:\n    x = 1\n\n    @d\n    def f(self):\n        return 1"
    )


def test_a_statement_comes_under_a_condition_and_out_of_it(tmp_path):
    text, inside = (
        "def f():\n    g(\n        1)\n",
        "def f():\n    if a:\n        g(\n            1)\n",
    )
    into = lambda source: under(source, the(source, ast.Expr), "a")  # noqa: E731
    out = lambda source: unwrapped(source, the(source, ast.If))  # noqa: E731
    assert edited(tmp_path, text, into) == inside
    assert edited(tmp_path, inside, out) == text


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("class A:\n    x = 1\n", "class A(B):\n    x = 1\n"),
        ("class A():\n    x = 1\n", "class A(B):\n    x = 1\n"),
        ("class Ä( C, D.E ):\n    x = 1\n", "class Ä( C, D.E, B ):\n    x = 1\n"),
    ],
)
def test_a_class_gets_a_base(tmp_path, text, new):
    assert edited(tmp_path, text, lambda s: based_on(s, s.tree.body[0], "B")) == new


@pytest.mark.parametrize(
    "takes", ["", "self", "self, *, a=f(1)", "self, a: int, /", "*args", "self, **kwargs"]
)
def test_a_function_takes_something_else(tmp_path, takes):
    text = f"async def f({takes}):\n    pass\n"
    new = edited(tmp_path, text, lambda s: taking(s, s.tree.body[0], "self, event"))
    assert new == "async def f(self, event):\n    pass\n"


@pytest.mark.parametrize(
    ("number", "left"), [(0, '{"b": 2, "c": 3}'), (1, '{"a": 1, "c": 3}'), (2, '{"a": 1, "b": 2}')]
)
def test_a_key_goes_from_a_dictionary(tmp_path, number, left):
    def go(source):
        dictionary = the(source, ast.Dict)
        return without_key(dictionary, dictionary.keys[number])

    assert edited(tmp_path, 'x = {"a": 1, "b": 2, "c": 3}\n', go) == f"x = {left}\n"
