import asyncio
import json
from unittest import mock

from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import AsyncClient, Client, TransactionTestCase, override_settings

from chat.models import Message
from chat.relay import Relay
from mysite.asgi import application


def with_send(send):
    """The application behind a server that sends each message with `send(real_send, frame)`."""

    async def server(scope, receive, real_send):
        async def sending(frame):
            if frame["type"] == "websocket.send" and "message" in json.loads(frame["text"]):
                await send(real_send, frame)
            else:
                await real_send(frame)

        await application(scope, receive, sending)

    return server


async def stalls(send, frame):
    """As Uvicorn's send(), for a browser that no longer reads."""
    await asyncio.Event().wait()


async def is_gone(send, frame):
    """The same, for a browser whose connection is lost."""
    raise OSError("It is gone.")


async def says(tab, *texts):
    for text in texts:
        await tab.send_json_to({"message": text})


async def hears(tab, count):
    """The next messages, without the other frames."""
    texts = []
    while len(texts) < count:
        frame = await tab.receive_json_from()
        texts += [frame["message"]] if "message" in frame else []
    return texts


async def close_code(tab):
    output = {}
    while output.get("type") != "websocket.close":
        output = await tab.receive_output()
    return output["code"]


@override_settings(
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}, WAITING=5
)
class RelayTests(TransactionTestCase):
    def setUp(self):
        client = Client()
        client.force_login(get_user_model().objects.create_user("ana"))
        cookie = client.cookies.output(header="", sep=";").strip()
        self.headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
        self.headers.append((b"cookie", cookie.encode()))

    async def enters(self, server=application, path="/ws/chat/lobby/"):
        """A tab that has been sent all that was said before, or whose server sends it nothing."""
        tab = WebsocketCommunicator(server, path, headers=self.headers)
        self.assertTrue((await tab.connect())[0])
        while server is application and "people" not in await tab.receive_json_from():
            pass
        return tab

    async def test_the_process_joins_the_group_once_and_leaves_it_with_the_last_browser(self):
        ana, ben = await self.enters(), await self.enters()
        groups = get_channel_layer().groups
        self.assertEqual(len(groups["chat_lobby"]), 1)
        await ana.disconnect()
        self.assertEqual(len(groups["chat_lobby"]), 1)
        relay = Relay.rooms["lobby"]
        await ben.disconnect()
        await asyncio.wait([relay.running])
        self.assertNotIn("chat_lobby", groups)
        self.assertEqual(Relay.rooms, {})

    async def test_each_message_is_encoded_once_for_all_browsers(self):
        tabs = [await self.enters() for _ in range(5)]
        with mock.patch.object(
            Message, "as_frame", autospec=True, side_effect=Message.as_frame
        ) as frame:
            await says(tabs[0], "one", "two")
            for tab in tabs:
                self.assertEqual(await hears(tab, 2), ["one", "two"])
        self.assertEqual(frame.call_count, 2)
        for tab in tabs:
            await tab.disconnect()

    async def test_what_is_said_at_the_same_moment_is_saved_and_told_together(self):
        ana = await self.enters()
        relay = Relay.rooms["lobby"]
        fields = {"room": "lobby", "text": "hello"}

        async def kept(*client_ids):
            return await asyncio.gather(*(relay.keep(one, fields) for one in client_ids))

        with mock.patch.object(relay, "tell", wraps=relay.tell) as tell:
            one, two, three = await kept("1", "2", "3")
            self.assertEqual(await hears(ana, 3), ["hello"] * 3)
            tell.assert_called_once_with(three.id)
        self.assertEqual(await kept("2", "2", "1"), [two, two, one])  # each is stored once
        with mock.patch.object(Message, "keep_all", side_effect=OperationalError("locked")):
            for client_id in ("4", "5"):
                with self.assertRaises(OperationalError):
                    await relay.keep(client_id, fields)
        without_text = asyncio.create_task(relay.keep("6", {"room": "lobby", "text": None}))
        await kept("7")  # in the same transaction
        with self.assertRaises(Message.DoesNotExist):
            await without_text
        self.assertEqual(await hears(ana, 1), ["hello"])
        await ana.disconnect()

    async def test_a_browser_that_reads_nothing_is_closed_and_holds_nobody_up(self):
        texts = [str(number) for number in range(10)]
        stalled, ben = await self.enters(with_send(stalls)), await self.enters()
        for text in texts:
            await says(ben, text)
            self.assertEqual(await hears(ben, 1), [text])
        self.assertEqual(await close_code(stalled), 4408)
        self.assertEqual(len(Relay.rooms["lobby"].browsers), 1)
        await stalled.disconnect()
        await ben.disconnect()

    async def test_a_browser_that_is_gone_disturbs_nobody(self):
        gone, ben = await self.enters(with_send(is_gone)), await self.enters()
        with self.assertNoLogs("chat", "ERROR"):
            await says(ben, "one", "two")
            self.assertEqual(await hears(ben, 2), ["one", "two"])
        await gone.disconnect()
        await ben.disconnect()

    async def test_a_relay_that_cannot_read_lets_its_browsers_come_back_to_another(self):
        ana = await self.enters()
        failing = mock.patch.object(Message, "as_frame", side_effect=OperationalError("gone"))
        with self.assertLogs("chat.relay", "ERROR"), failing:
            await says(ana, "one")
            self.assertEqual(await close_code(ana), 1011)
        await ana.disconnect()
        again = await self.enters(path="/ws/chat/lobby/?after=0")
        await says(again, "two")
        self.assertEqual(await hears(again, 1), ["two"])
        await again.disconnect()

    async def test_what_was_said_meanwhile_comes_first(self):
        ana, ben = await self.enters(), await self.enters()
        await ana.disconnect()
        await says(ben, "meanwhile")
        await hears(ben, 1)
        ana = WebsocketCommunicator(application, "/ws/chat/lobby/?after=0", headers=self.headers)
        await ana.connect()
        await says(ben, "now")
        self.assertEqual(await hears(ana, 2), ["meanwhile", "now"])
        await ana.disconnect()
        await ben.disconnect()

    async def test_the_health_view_counts_the_browsers_of_this_process(self):
        ana = await self.enters()
        health = await AsyncClient().get("/health/")
        self.assertEqual(health.json(), {"browsers": 1})
        await ana.disconnect()
