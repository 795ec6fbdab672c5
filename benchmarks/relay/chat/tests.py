import asyncio
import json
from unittest import mock

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import OperationalError
from django.test import AsyncClient, Client, TransactionTestCase, override_settings

from chat.frames import LONGEST
from chat.limits import FRAMES
from chat.models import Message
from chat.relay import Relay
from mysite.asgi import application


def browser(client=None, room_name="lobby", origin="http://localhost", server=application):
    """A browser without a page, with the cookies of a client that may be logged in."""
    cookies = client.cookies.output(header="", sep=";").strip() if client else ""
    return WebsocketCommunicator(
        server,
        f"/ws/chat/{room_name}/",
        headers=[
            (b"host", b"localhost"),
            (b"origin", origin.encode()),
            (b"cookie", cookies.encode()),
        ],
    )


async def hears(tab, key):
    """The next frame that has this key."""
    while True:
        frame = await tab.receive_json_from()
        if key in frame:
            return frame


@override_settings(
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    # https://docs.djangoproject.com/en/5.2/topics/testing/overview/#password-hashing
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
class ChatTestCase(TransactionTestCase):
    def setUp(self):
        self.clients = {}
        for name in ("ana", "ben"):
            user = get_user_model().objects.create_user(name)
            self.clients[name] = Client()
            self.clients[name].force_login(user)

    async def enters(self, name, server=application):
        tab = browser(self.clients[name], server=server)
        self.assertTrue((await tab.connect())[0])
        return tab


class PeopleTests(ChatTestCase):
    async def test_the_anonymous_are_refused(self):
        connected, _ = await browser().connect()
        self.assertFalse(connected)

    async def test_a_page_of_another_site_is_refused(self):
        connected, _ = await browser(self.clients["ana"], origin="http://evil.example").connect()
        self.assertFalse(connected)

    async def test_the_author_is_who_is_logged_in(self):
        ana = await self.enters("ana")
        await ana.send_json_to({"message": "hello", "client_id": "a1", "author": "Ben"})
        frame = await hears(ana, "message")
        self.assertEqual((frame["message"], frame["author"]), ("hello", "ana"))
        await ana.disconnect()

    async def test_what_is_not_a_message_is_answered_with_an_error(self):
        ana = await self.enters("ana")
        frames = [
            "no JSON",
            "[]",
            "{}",
            '{"message": 3}',
            "[" * 100_000,
            json.dumps({"message": "x" * (LONGEST + 1)}),
            '{"message": "\\ud800"}',
        ]
        for frame in frames:
            await ana.send_to(text_data=frame)
            await hears(ana, "error")
        await ana.send_to(bytes_data=b"binary")
        await hears(ana, "error")
        await ana.send_json_to({"message": "hello"})
        await hears(ana, "message")
        self.assertEqual(await Message.objects.acount(), 1)
        await ana.disconnect()

    async def test_who_sends_too_much_is_closed(self):
        ana = await self.enters("ana")
        for number in range(2 * FRAMES):
            await ana.send_json_to({"message": str(number)})
        output = {}
        while output.get("type") != "websocket.close":
            output = await ana.receive_output()
        self.assertEqual(output["code"], 4429)
        await ana.disconnect()
        self.assertEqual(await Message.objects.acount(), FRAMES)

    async def test_two_tabs_are_one_person(self):
        ben = await self.enters("ben")
        self.assertEqual(await hears(ben, "people"), {"people": ["ben"]})
        tabs = [await self.enters("ana"), await self.enters("ana")]
        self.assertEqual(await hears(ben, "people"), {"people": ["ana", "ben"]})
        await tabs[0].disconnect()
        self.assertTrue(await ben.receive_nothing())
        await tabs[1].disconnect()
        self.assertEqual(await hears(ben, "people"), {"people": ["ben"]})
        await ben.disconnect()

    async def test_after_logging_out_the_socket_closes(self):
        ana = await self.enters("ana")
        await hears(ana, "people")
        await sync_to_async(self.clients["ana"].post)("/accounts/logout/")
        output = await ana.receive_output()
        self.assertEqual((output["type"], output["code"]), ("websocket.close", 4401))
        await ana.disconnect()

    def test_pages_are_for_those_who_are_logged_in(self):
        self.assertRedirects(Client().get("/chat/lobby/"), "/accounts/login/?next=/chat/lobby/")
        self.assertContains(self.clients["ana"].get("/chat/lobby/"), 'data-user="ana"')

    def test_the_command_that_makes_people_can_be_run_again(self):
        for _ in range(2):
            call_command("people", verbosity=0)
        self.assertTrue(Client().login(username="cleo", password="cleo"))


def with_send(send):
    """The application behind a server that sends each frame with `send(real_send, frame)`."""

    async def server(scope, receive, real_send):
        async def sending(frame):
            await send(real_send, frame)

        await application(scope, receive, sending)

    return server


class RelayTests(ChatTestCase):
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
