"""The chat page as a browser receives it: what it links to, what it loads, how it is made."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "page"
SOURCES = sorted(
    path for path in PAGE.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg", ".py"}
)
SCRIPTS = [path for path in SOURCES if path.suffix == ".js"]

PAGES = ["/chat/", "/chat/lobby/", "/chat/my-room_2/"]
# Names that no group can have: as the address holds them, and as they are read.
REFUSED = {"/chat/caf%C3%A9/": "café", "/chat/tea%20room/": "tea room", "/chat/a.b/": "a.b"}
REFUSED["/chat/" + "r" * 51 + "/"] = "r" * 51

HOSTILE = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"

# Runs in the step's folder, in a process of its own: two Django projects do not fit into one.
ASK = """
import json, mimetypes, os, sys
mimetypes.add_type("text/plain", ".js")  # what the registry of many a Windows says
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
import django
django.setup()
from django.template.loader import render_to_string
from django.test import Client
client = Client(SERVER_NAME="localhost")
answers = {}
for path in json.load(sys.stdin)["paths"]:
    response = client.get(path)
    body = b"".join(response) if response.streaming else response.content
    answers[path] = [response.status_code, response["Content-Type"], body.decode()]
hostile = render_to_string("chat/room.html", {"room_name": sys.argv[1]})
json.dump({"answers": answers, "hostile": hostile}, sys.stdout)
"""


def ask(step, paths):
    """Status, content type and body of each path; and the room page with a hostile name."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, HOSTILE],
        cwd=ROOT / "solutions" / step,
        input=json.dumps({"paths": paths}),
        capture_output=True,
        encoding="utf-8",
        timeout=600,  # for a test that hangs; not a measurement
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def static_urls():
    """The address of every file under page/static."""
    files = (PAGE / "static").rglob("*")
    return [f"/static/{path.relative_to(PAGE / 'static').as_posix()}" for path in files]


@pytest.fixture(scope="module", params=["step2_echo", "step3_broadcast"])
def served(request):
    static = [url for url in static_urls() if Path(url).suffix]
    return ask(request.param, [*PAGES, *REFUSED, *static])


def links(page):
    """Every address that a page's markup makes a browser load."""
    return re.findall(r'<(?:link|script|img)\b[^>]*\b(?:href|src)="([^"]*)"', page)


def imports(script):
    """Every module that a script imports."""
    return re.findall(r'\b(?:from|import)\b[ (]*"([^"]+)"', script)


@pytest.mark.parametrize("path", [*PAGES, *REFUSED])
def test_a_page_answers_and_links_only_to_files_that_are_served(served, path):
    status, content_type, body = served["answers"][path]
    assert (status, content_type) == (404 if path in REFUSED else 200, "text/html; charset=utf-8")
    assert links(body)
    for link in links(body):
        assert served["answers"][link][0] == 200, link


def test_static_files_are_served_under_the_type_that_browsers_ask_for(served):
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for path, (status, content_type, _) in served["answers"].items():
        if path.startswith("/static/"):
            expected = types[Path(path).suffix]
            assert (status, content_type.split(";")[0]) == (200, expected), path


def test_scripts_import_only_scripts_that_exist():
    imported = 0
    for script in SCRIPTS:
        for module in imports(script.read_text(encoding="utf-8")):
            assert (script.parent / module).is_file(), f"{script.name}: {module}"
            imported += 1
    assert imported >= 8


def test_a_page_names_its_own_icon(served):
    """Without one, a browser asks for /favicon.ico and the server's log shows a 404."""
    for path in ("/chat/", "/chat/lobby/"):
        assert '<link rel="icon"' in served["answers"][path][2]


def test_a_hostile_room_name_stays_text(served):
    page = served["hostile"]
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    given = re.search(r'<script id="room-name" type="application/json">(.*?)</script>', page)
    assert json.loads(given[1]) == HOSTILE
    assert html.unescape(re.search(r'class="room-name">(.*?)</bdi>', page)[1]) == HOSTILE


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_nothing_is_loaded_from_another_host(source):
    text = source.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"(?:https?:|wss?:)?//[\w.-]+\.\w+|@import|url\(", text) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_text_reaches_the_page_as_text_only(source):
    """Nothing reads text as HTML or as code, no attribute has a handler, everything is escaped."""
    text = source.read_text(encoding="utf-8")
    ways = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTMLUnsafe|DOMParser"
        r"|createContextualFragment|srcdoc|\beval\b|new Function|javascript:"
        r"|set(?:Timeout|Interval)\(\s*[\"'`]"
        r"|<[^>]*\son\w+\s*=|setAttribute\(\s*[\"']on"
        r"|\|\s*safe\b|autoescape|mark_safe"
    )
    assert re.findall(ways, text) == []


@pytest.mark.parametrize("path", REFUSED)
def test_a_name_that_no_group_can_have_is_refused_with_a_sentence(served, path):
    page = served["answers"][path][2]
    problem = re.search(r'<p id="problem"[^>]*>(.*?)</p>', page, re.DOTALL)[1]
    why = "more than 50 characters" if len(REFUSED[path]) > 50 else "a character that"
    assert f"There is no room “{REFUSED[path]}”: its name has {why}" in " ".join(problem.split())
    assert f'value="{REFUSED[path]}"' in page and 'action="../"' in page


# Runs in a step's folder: whether each name is taken by the page's route, by the WebSocket's, and
# by the channel layer as a part of a group's name.
TAKEN = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
import django
django.setup()
from channels.layers import InMemoryChannelLayer
from chat.routing import websocket_urlpatterns
from django.urls import resolve
def taken_by_group(name):
    try:
        return InMemoryChannelLayer().require_valid_group_name(f"chat_{name}")
    except TypeError:
        return False
print(json.dumps({name: [
    resolve(f"/chat/{name}/").url_name == "room",
    any(route.pattern.match(f"ws/chat/{name}/") for route in websocket_urlpatterns),
    taken_by_group(name),
] for name in sys.argv[1:]}))
"""


@pytest.mark.parametrize("step", ["step2_echo", "step3_broadcast"])
def test_page_socket_and_group_take_the_same_names(step):
    names = {"lobby": True, "my-room": True, "Room_2": True, "-": True, "r" * 50: True}
    names |= {"café": False, "教室": False, "tea room": False, "a+b": False}
    done = subprocess.run(
        [sys.executable, "-c", TAKEN, *names],
        cwd=ROOT / "solutions" / step,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {name: [taken] * 3 for name, taken in names.items()}


def test_the_form_takes_names_as_long_as_the_route_does():
    script = (PAGE / "static/page/lobby.js").read_text(encoding="utf-8")
    form = (PAGE / "templates/chat/index.html").read_text(encoding="utf-8")
    assert "LONGEST = 50;" in script and "{1,50}" in form and "at most 50:" in form


def test_inline_scripts_are_data_only(served):
    for path in ("/chat/", "/chat/lobby/"):
        for attributes in re.findall(r"<script\b([^>]*)>", served["answers"][path][2]):
            assert "src=" in attributes or 'type="application/json"' in attributes


def test_every_part_that_a_script_looks_up_is_in_its_page():
    room = (PAGE / "templates/chat/room.html").read_text(encoding="utf-8")
    script = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS if path.stem != "lobby")
    wanted = set(re.findall(r'byId\("([\w-]+)"\)|"#([\w-]+)"', script))
    wanted = {first or second for first, second in wanted} - {"room-name"}
    assert len(wanted) >= 15
    assert wanted <= set(re.findall(r'\bid="([\w-]+)"', room))


def test_every_field_has_a_label():
    for template in ("index.html", "room.html"):
        page = (PAGE / "templates/chat" / template).read_text(encoding="utf-8")
        fields = re.findall(r'<input\b[^>]*\bid="([\w-]+)"', page)
        assert fields
        assert set(fields) <= set(re.findall(r'<label\b[^>]*\bfor="([\w-]+)"', page))
