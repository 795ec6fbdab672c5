from channels.testing import WebsocketCommunicator
from django.test import SimpleTestCase

from mysite.asgi import application


def browser(room_name):
    """A browser without a page. Like a real one, it says which site it comes from."""
    return WebsocketCommunicator(
        application,
        f"/ws/chat/{room_name}/",
        headers=[(b"host", b"localhost"), (b"origin", b"http://localhost")],
    )


class EchoTests(SimpleTestCase):
    async def test_a_message_comes_back(self):
        ana = browser("lobby")
        connected, _ = await ana.connect()
        self.assertTrue(connected)

        await ana.send_json_to({"message": "hello"})
        self.assertEqual(await ana.receive_json_from(), {"message": "hello"})

        await ana.disconnect()

    async def test_another_browser_hears_nothing(self):
        ana, ben = browser("lobby"), browser("lobby")
        await ana.connect()
        await ben.connect()

        await ana.send_json_to({"message": "for me alone"})
        await ana.receive_json_from()
        self.assertTrue(await ben.receive_nothing())

        await ana.disconnect()
        await ben.disconnect()

    async def test_a_page_of_another_site_is_turned_away(self):
        stranger = WebsocketCommunicator(
            application,
            "/ws/chat/lobby/",
            headers=[(b"host", b"localhost"), (b"origin", b"http://example.com")],
        )
        connected, _ = await stranger.connect()
        self.assertFalse(connected)
