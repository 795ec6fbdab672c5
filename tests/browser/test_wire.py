"""The wire panel shows the frames that really traveled: those that an observer between browser
and server saw, in their order, byte for byte."""

import pytest

from .browsing import PATIENCE, expect

TEXTS = [
    "hello",
    '"quoted" \\ back\\slash and \\u0041',
    "<b>bold</b> & <img src=x onerror=alert(1)>",
    "smile 🙂, family 👩‍👩‍👧‍👦, flag 🏴‍☠️, e with an accent: é, two ways: e\u0301",
    "مرحبا بالعالم, שלום עולם",
    "  spaces   stay  ",
]


def shown(tab):
    """What the panel shows: direction, bytes, and the text, or None where it shows none."""
    rows = tab.frames.evaluate_all(
        """rows => rows.map(row => [
            row.className,
            row.querySelector(".size").textContent,
            row.querySelector("code.raw")?.textContent ?? null,
        ])"""
    )
    return [(way, int(size.removesuffix(" B").replace(",", "")), text) for way, size, text in rows]


def seen(conversation):
    """The same, as the observer saw it."""
    assert conversation.errors == []
    return [
        (way, len(data), data.decode() if is_text else None)
        for way, data, is_text in conversation.messages
    ]


@pytest.fixture
def observed(enter, observe):
    """A tab in a room behind an observer, and the conversation that the observer hears."""

    def observed(server, **options):
        observer = observe(server)
        tab = enter(observer, "observed", **options)
        (conversation,) = observer.conversations
        return tab, conversation

    return observed


def test_step_2_every_frame_is_shown_as_it_traveled(observed, step2):
    tab, conversation = observed(step2)
    for number, text in enumerate(TEXTS, start=1):
        tab.say(text)
        tab.hears(*TEXTS[:number])
    assert [way for way, _, _ in seen(conversation)] == ["out", "in"] * len(TEXTS)
    assert shown(tab) == seen(conversation)


def test_finished_chat_each_tab_shows_its_own_frames(observed, finished, finished_too):
    ana, of_ana = observed(finished)
    ben, of_ben = observed(finished_too, of="Ben")
    for number, text in enumerate(TEXTS, start=1):
        (ana, ben)[number % 2].say(text)
        for tab in (ana, ben):
            tab.hears(*TEXTS[:number])
    assert shown(ana) == seen(of_ana)
    assert shown(ben) == seen(of_ben)
    assert len(shown(ana)) == len(shown(ben)) == len(TEXTS) * 3 // 2


def test_a_burst_is_shown_in_its_order(observed, step2):
    """Forty messages that nobody waits for: what goes out crosses what comes in."""
    tab, conversation = observed(step2)
    texts = [f"number {number}" for number in range(40)]
    tab.page.evaluate(
        """texts => {
            for (const text of texts) {
                document.getElementById("text").value = text;
                document.getElementById("compose").requestSubmit();
            }
        }""",
        texts,
    )
    tab.hears(*texts)
    for way in ("out", "in"):
        of_panel, of_observer = (
            [row for row in rows if row[0] == way] for rows in (shown(tab), seen(conversation))
        )
        assert len(of_panel) == len(texts)
        assert of_panel == of_observer


def test_a_frame_too_long_to_show_is_cut_and_counted_in_full(observed, step2):
    tab, conversation = observed(step2)
    text = "ä" * 3000
    tab.say(text)
    tab.hears(text)
    for (way, size, cut), (way_seen, size_seen, whole) in zip(
        shown(tab), seen(conversation), strict=True
    ):
        assert (way, size) == (way_seen, size_seen)
        start, dots, rest = cut.partition(" … and ")
        assert whole.startswith(start) and len(start) > 1000
        left = int(rest.removesuffix(" more characters").replace(",", ""))
        assert len(start) + left == len(whole)


def test_what_no_chat_sends_is_shown_too(observed, unruly):
    tab, conversation = observed(unruly)
    for order in ("text not JSON", "text [1, 2]", 'text {"n": 1}', "binary 00ff10"):
        tab.say(order)
    tab.say('text {"message": "the end"}')
    tab.hears("the end")
    received = [row for row in seen(conversation) if row[0] == "in"]
    assert [text for _, _, text in received] == [
        "not JSON",
        "[1, 2]",
        '{"n": 1}',
        None,
        '{"message": "the end"}',
    ]
    assert [row for row in shown(tab) if row[0] == "in"] == received
    expect(tab.page.locator("#frames li.in .raw.muted")).to_have_text(["a binary frame"])


@pytest.mark.parametrize("order, code", [("close 4001", 4001), ("close", 1000), ("fail", 1011)])
def test_the_server_closes_with_the_code_that_is_shown(observed, unruly, order, code):
    tab, conversation = observed(unruly)
    tab.say(order)
    expect(tab.events.nth(2)).to_contain_text(f"closed {code}")
    expect(tab.page.locator("#messages .remark").first).to_contain_text(f"Closed {code}.")
    assert conversation.closes[0][:2] == ("in", code)


def test_a_connection_that_is_cut_has_no_close_frame(observed, serve, unruly):
    server = serve(unruly.folder)
    tab, conversation = observed(server)
    server.stop()
    expect(tab.events.nth(2)).to_have_text("closed 1006")
    assert conversation.closes == []


def test_a_tab_that_is_closed_says_so_to_the_server(observed, step2):
    tab, conversation = observed(step2)
    tab.page.close()
    assert conversation.left.wait(PATIENCE / 1000)
    assert conversation.closes[0] == ("out", 1001, "")
