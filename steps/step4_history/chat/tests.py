from channels.testing import WebsocketCommunicator
from django.test import TransactionTestCase, override_settings

from chat.models import Message
from mysite.asgi import application


def browser(room_name, query=""):
    """A browser without a page. Like a real one, it says which site it comes from."""
    return WebsocketCommunicator(
        application,
        f"/ws/chat/{room_name}/{query}",
        headers=[(b"host", b"localhost"), (b"origin", b"http://localhost")],
    )


async def said(ana, text, client_id):
    """Ana says it and is answered; returns the id."""
    await ana.send_json_to({"message": text, "client_id": client_id, "author": "Ana"})
    answer = await ana.receive_json_from()
    assert answer["client_id"] == client_id
    return answer["id"]


# A query runs in another thread than the test: it would not see what a TestCase has not committed.
# https://docs.djangoproject.com/en/5.2/topics/testing/tools/#transactiontestcase
@override_settings(CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}})
class HistoryTests(TransactionTestCase):
    async def test_what_is_said_is_saved_and_heard_with_its_id(self):
        ana = browser("lobby")
        await ana.connect()
        number = await said(ana, "hello", "a1")
        frame = await ana.receive_json_from()
        self.assertEqual((frame["id"], frame["message"], frame["author"]), (number, "hello", "Ana"))
        self.assertEqual((await Message.objects.aget()).text, "hello")
        await ana.disconnect()

    async def test_a_client_id_is_stored_once(self):
        ana = browser("lobby")
        await ana.connect()
        first = await said(ana, "hello", "a1")
        await ana.receive_json_from()
        self.assertEqual(await said(ana, "hello", "a1"), first)
        self.assertTrue(await ana.receive_nothing())
        self.assertEqual(await Message.objects.acount(), 1)
        await ana.disconnect()

    async def test_a_message_without_a_client_id_is_given_one(self):
        ana = browser("lobby")
        await ana.connect()
        for _ in range(2):  # the same text twice is two messages
            await ana.send_json_to({"message": "hello"})
            answer = await ana.receive_json_from()
            frame = await ana.receive_json_from()
            self.assertEqual((frame["id"], frame["message"]), (answer["id"], "hello"))
            self.assertTrue(answer["client_id"])
        self.assertEqual(await Message.objects.acount(), 2)
        await ana.disconnect()

    async def test_who_comes_back_hears_what_was_missed(self):
        for number in range(60):
            await Message.objects.acreate(room="lobby", text=str(number), client_id=f"a{number}")
        newest = await Message.objects.alatest("id")

        late = browser("lobby")
        await late.connect()
        self.assertEqual((await late.receive_json_from())["message"], "10")
        await late.disconnect()

        back = browser("lobby", f"?after={newest.id - 2}")
        await back.connect()
        self.assertEqual((await back.receive_json_from())["message"], "58")
        self.assertEqual((await back.receive_json_from())["message"], "59")
        self.assertTrue(await back.receive_nothing())
        await back.disconnect()
