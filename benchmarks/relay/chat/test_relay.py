"""What holds for the chat of step 5 holds for this one, and more."""

import asyncio
import json
from unittest import mock

from channels.layers import get_channel_layer
from django.db import OperationalError
from django.test import AsyncClient

from chat import tests
from chat.models import Message
from chat.relay import Relay
from chat.tests import hears
from mysite.asgi import application


def with_send(send):
    """The application behind a server that sends each frame with `send(real_send, frame)`."""

    async def server(scope, receive, real_send):
        async def sending(frame):
            await send(real_send, frame)

        await application(scope, receive, sending)

    return server


class RelayTests(tests.PeopleTests):
    async def enters(self, name, server=application):
        with mock.patch.object(tests, "application", server):
            return await super().enters(name)

    async def says(self, tab, *texts):
        for text in texts:
            await tab.send_json_to({"message": text})

    async def hears_messages(self, tab, count):
        return [(await hears(tab, "message"))["message"] for _ in range(count)]

    async def test_the_process_joins_the_group_once_and_leaves_it_with_the_last_browser(self):
        ana, ben = await self.enters("ana"), await self.enters("ben")
        groups = get_channel_layer().groups
        self.assertEqual(len(groups["chat_lobby"]), 1)
        await ana.disconnect()
        self.assertEqual(len(groups["chat_lobby"]), 1)
        relay = Relay.rooms["lobby"]
        await ben.disconnect()
        await asyncio.wait([relay.running])
        self.assertNotIn("chat_lobby", groups)
        self.assertEqual(Relay.rooms, {})

    async def test_each_message_is_read_and_encoded_once_for_all_browsers(self):
        tabs = [await self.enters("ana") for _ in range(5)]
        for tab in tabs:  # this comes after what was said before, which each of them reads itself
            await hears(tab, "people")
        with mock.patch.object(
            Message, "as_frame", autospec=True, side_effect=Message.as_frame
        ) as frame:
            await self.says(tabs[0], "one", "two")
            for tab in tabs:
                self.assertEqual(await self.hears_messages(tab, 2), ["one", "two"])
        self.assertEqual(frame.call_count, 2)
        for tab in tabs:
            await tab.disconnect()

    async def test_a_browser_that_reads_nothing_is_closed_and_holds_nobody_up(self):
        async def stalls(send, frame):
            if frame["type"] == "websocket.send" and "message" in json.loads(frame["text"]):
                await asyncio.Event().wait()
            await send(frame)

        texts = [str(number) for number in range(10)]
        with mock.patch("chat.consumers.WAITING", 5):
            stalled, ben = await self.enters("ana", with_send(stalls)), await self.enters("ben")
            await self.says(ben, *texts)
            self.assertEqual(await self.hears_messages(ben, 10), texts)
            output = {}
            while output.get("type") != "websocket.close":
                output = await stalled.receive_output()
        self.assertEqual(output["code"], 4408)
        self.assertEqual(len(Relay.rooms["lobby"].browsers), 1)
        await stalled.disconnect()
        await ben.disconnect()

    async def test_what_fails_for_one_browser_fails_for_no_other(self):
        async def fails(send, frame):
            if frame["type"] == "websocket.send" and "message" in json.loads(frame["text"]):
                raise OSError("It is gone.")
            await send(frame)

        broken, ben = await self.enters("ana", with_send(fails)), await self.enters("ben")
        with self.assertLogs("chat.consumers", "ERROR"):
            await self.says(ben, "one", "two")
            self.assertEqual(await self.hears_messages(ben, 2), ["one", "two"])
            output = {}
            while output.get("type") != "websocket.close":
                output = await broken.receive_output()
        self.assertEqual(output["code"], 1011)
        await broken.disconnect()
        await ben.disconnect()

    async def test_a_relay_that_cannot_read_lets_its_browsers_come_back_to_another(self):
        ana = await self.enters("ana")
        await hears(ana, "people")
        failing = mock.patch.object(Message, "as_frame", side_effect=OperationalError("gone"))
        with self.assertLogs("chat.relay", "ERROR"), failing:
            await self.says(ana, "one")
            output = {}
            while output.get("type") != "websocket.close":
                output = await ana.receive_output()
        self.assertEqual(output["code"], 1011)
        await ana.disconnect()
        again = await self.enters("ana")
        self.assertEqual(await self.hears_messages(again, 1), ["one"])
        await again.disconnect()

    async def test_a_room_whose_last_browser_left_can_be_entered_at_once(self):
        for text in ("one", "two", "three"):
            ana = await self.enters("ana")
            await self.says(ana, text)
            while (await self.hears_messages(ana, 1)) != [text]:
                pass
            await ana.disconnect()

    async def test_the_health_view_counts_the_browsers_of_this_process(self):
        ana = await self.enters("ana")
        health = await AsyncClient().get("/health/")
        self.assertEqual(health.json(), {"browsers": 1})
        await ana.disconnect()
