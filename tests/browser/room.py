"""The chat room's page as its reader uses it."""

try:
    from playwright.sync_api import expect
except ImportError:
    expect = None


class Tab:
    """One tab in a room: what can be seen in it, and what its reader does."""

    def __init__(self, page):
        self.page = page
        self.state = page.locator("#state")
        self.meaning = page.locator("#meaning")
        self.input = page.get_by_label("Message", exact=True)
        self.problem = page.locator("#compose-problem")
        self.messages = page.locator("#messages li.message .text")
        self.frames = page.locator("#frames li.out, #frames li.in")
        self.events = page.locator("#frames .event")

    @property
    def name(self) -> str:
        return self.page.locator("#tab-name").inner_text()

    def is_open(self) -> "Tab":
        expect(self.state).to_have_text("Open")
        return self

    def rename(self, name: str) -> "Tab":
        self.page.get_by_role("button", name="Rename").click()
        self.page.locator("#new-name").fill(name)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#tab-name")).to_have_text(name)
        return self

    def say(self, text: str) -> None:
        self.input.fill(text)
        self.input.press("Enter")

    def hears(self, *texts: str) -> None:
        """These messages are shown, and no others."""
        expect(self.messages).to_have_text(list(texts))


def logged_in(page, name: str) -> Tab:
    """The tab of someone who has filled in the login page, on the way to a room: each one's
    password is the name."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(name)
    page.get_by_role("button", name="Log in").click()
    return Tab(page)
