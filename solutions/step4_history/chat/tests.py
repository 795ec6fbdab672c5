from channels.testing import WebsocketCommunicator
from django.test import SimpleTestCase, override_settings

from mysite.asgi import application


def browser(room_name):
    """A browser without a page. Like a real one, it says which site it comes from."""
    return WebsocketCommunicator(
        application,
        f"/ws/chat/{room_name}/",
        headers=[(b"host", b"localhost"), (b"origin", b"http://localhost")],
    )


# One process is enough for a test, so its groups may live in memory: no Redis is needed.
@override_settings(CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}})
class BroadcastTests(SimpleTestCase):
    async def test_everyone_in_the_room_hears_it(self):
        ana, ben = browser("lobby"), browser("lobby")
        await ana.connect()
        await ben.connect()

        await ana.send_json_to({"message": "hello"})
        self.assertEqual(await ana.receive_json_from(), {"message": "hello"})
        self.assertEqual(await ben.receive_json_from(), {"message": "hello"})

        await ana.disconnect()
        await ben.disconnect()

    async def test_another_room_hears_nothing(self):
        ana, dan = browser("lobby"), browser("library")
        await ana.connect()
        await dan.connect()

        await ana.send_json_to({"message": "for the lobby"})
        await ana.receive_json_from()
        self.assertTrue(await dan.receive_nothing())

        await ana.disconnect()
        await dan.disconnect()

    async def test_who_left_does_not_disturb(self):
        ana, ben = browser("lobby"), browser("lobby")
        await ana.connect()
        await ben.connect()
        await ben.disconnect()

        await ana.send_json_to({"message": "goodbye"})
        self.assertEqual(await ana.receive_json_from(), {"message": "goodbye"})

        await ana.disconnect()
