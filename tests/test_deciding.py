"""Whether a learner's test of step 6 has anything that could fail, told from its code."""

import pytest

from checks.step6_tests.observers.deciding import decides
from tests.catalogue import written
from workshop import manifest
from workshop.checking.explaining.project import Project

STEP6 = manifest.find("step6")
HELPERS = """
async def tab_of(client):
    tab = WebsocketCommunicator(application, "/ws/chat/lobby/")
    connected, _ = await tab.connect()
    if not connected:
        raise ConnectionRefusedError
    return tab

async def bare():
    return WebsocketCommunicator(application, "/ws/chat/lobby/")

async def hears(tab):
    return await tab.receive_json_from()

def is_one(frame):
    assert frame == 1

def nothing(frame):
    print(frame)

"""


def is_decided(tmp_path, body: str, arguments: str = "") -> bool:
    code = f"{HELPERS}\nasync def test_x({arguments}):\n    {body}\n"
    folder = written({"chat/tests.py": code}, tmp_path, {})
    return decides(Project(folder, STEP6.solution, STEP6.files), "chat/tests.py::test_x")


@pytest.mark.parametrize(
    "body",
    [
        "assert frame",
        "self.assertEqual(frame, 1)",
        "assertRedirects(response, '/')",
        "with pytest.raises(ValueError): play()",
        "with self.assertRaises(ValueError): play()",
        "await tab.receive_from()",
        "await hears(tab)",
        "is_one(frame)",
        "if frame != 1: self.fail()",
        "await tab_of(ana)",  # lets her in, or fails
        "[is_one(frame) for frame in frames]",
        "await socket.recv()",
        "await asyncio.wait_for(queue.get(), 1)",
    ],
)
def test_it_decides(body, tmp_path):
    assert is_decided(tmp_path, body)


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "assert True",
        "self.assertTrue(True)",
        "self.assertEqual(1, 1)",
        "tab = await bare(); await tab.connect()",
        "tab = await tab_of(ana); await tab.send_json_to({})",  # and nobody listens
        "nothing(frame)",
        "print(await tab.receive_nothing())",
        "frame == 1",
    ],
)
def test_it_decides_nothing(body, tmp_path):
    assert not is_decided(tmp_path, body)


def test_a_fixture_that_asserts_decides(tmp_path):
    assert is_decided(tmp_path, "pass", "is_one")


def test_of_a_test_in_another_place_nothing_is_claimed(tmp_path):
    assert decides(Project(tmp_path, STEP6.solution, STEP6.files), "chat/tests.py::test_y")
