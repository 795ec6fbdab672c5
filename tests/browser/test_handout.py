"""The handout prints on one sheet, whichever paper is in the printer, and says what is true."""

import re

import pytest

from workshop.building import handout
from workshop.manifest import ROOT, finished_chat

from .browsing import expect


@pytest.fixture
def page(visit, tmp_path):
    (file,) = handout.build(tmp_path)
    return visit(file.as_uri())


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_one_sheet(page, paper):
    assert pages_of(page.pdf(format=paper, print_background=True)) == 1
    page.locator("body").evaluate("body => body.append(body.cloneNode(true))")
    assert pages_of(page.pdf(format=paper)) > 1  # two would not fit


def test_nothing_is_cut_off(page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1032})  # of A4 within its margins, at 96 dpi
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    for code in page.locator("pre").all():
        assert code.evaluate("code => code.scrollWidth <= code.clientWidth")
    expect(page.locator("table")).to_have_count(3)


def test_its_code_is_that_of_the_solution():
    text = (ROOT / "docs/handout.md").read_text(encoding="utf-8")
    files = ("mysite/settings.py", "mysite/asgi.py")
    solution = "\n".join((finished_chat().solution / name).read_text("utf-8") for name in files)
    lines = [
        line
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
        if "…" not in line
    ]
    assert len(lines) > 8
    for line in lines:
        assert line in solution.splitlines(), line
