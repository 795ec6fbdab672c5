"""The classroom reads its DATABASE_URL as the steps do."""

import ast

import pytest

from workshop import manifest

ROOT = manifest.ROOT
STEPS = [step.solution for step in manifest.steps() if step.database]


@pytest.mark.parametrize("solution", STEPS, ids=lambda folder: folder.name)
def test_it_is_the_code_of_the_steps(solution):
    files = ROOT / "classroom/database.py", solution / "mysite/database.py"
    one, other = (ast.unparse(ast.parse(file.read_text(encoding="utf-8"))) for file in files)
    assert one == other
