import json

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client, TransactionTestCase, override_settings

from chat.frames import LONGEST
from chat.limits import FRAMES
from chat.models import Message
from mysite.asgi import application


def browser(client=None, room_name="lobby", origin="http://localhost"):
    """A browser without a page, with the cookies of a client that may be logged in."""
    cookies = client.cookies.output(header="", sep=";").strip() if client else ""
    return WebsocketCommunicator(
        application,
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
class PeopleTests(TransactionTestCase):
    def setUp(self):
        self.clients = {}
        for name in ("ana", "ben"):
            user = get_user_model().objects.create_user(name)
            self.clients[name] = Client()
            self.clients[name].force_login(user)

    async def enters(self, name):
        tab = browser(self.clients[name])
        self.assertTrue((await tab.connect())[0])
        return tab

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
