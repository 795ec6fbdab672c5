from contextlib import asynccontextmanager

from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.test import Client, TestCase, override_settings

from mysite.asgi import application

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


@asynccontextmanager
async def tab_of(client, room="lobby", query="", origin="http://localhost"):
    """An open WebSocket with the cookies of a client, for an `async with` block. Its end waits for
    the consumer's disconnect(), and raises what the consumer raised."""
    cookies = client.cookies.output(header="", sep=";").strip()
    tab = WebsocketCommunicator(
        application,
        f"/ws/chat/{room}/?{query}",
        headers=[
            (b"host", b"localhost"),
            (b"origin", origin.encode()),
            (b"cookie", cookies.encode()),
        ],
    )
    connected, _ = await tab.connect()
    if not connected:
        raise ConnectionRefusedError
    try:
        yield tab
    finally:
        await tab.disconnect()


async def says(tab, text, **more):
    """Say something, and return the answer to it: {"id", "client_id"}."""
    await tab.send_json_to({"message": text, **more})
    return await hears(tab, "client_id")


async def hears(tab, key):
    """The next frame that has this key; those before it are skipped. Fails after a second."""
    while True:
        frame = await tab.receive_json_from()
        if key in frame:
            return frame


class ChatTests(TestCase):
    def setUp(self):
        # Each test has a channel layer of its own, which needs no Redis.
        self.enterContext(override_settings(CHANNEL_LAYERS=IN_MEMORY))
        self.ana, self.ben = Client(), Client()
        for name, client in (("ana", self.ana), ("ben", self.ben)):
            client.force_login(get_user_model().objects.create_user(name))

    # Who may come in: these are given.

    async def test_a_stranger_is_refused(self):
        with self.assertRaises(ConnectionRefusedError):
            async with tab_of(Client()):
                pass

    async def test_a_page_of_another_site_is_refused(self):
        with self.assertRaises(ConnectionRefusedError):
            async with tab_of(self.ana, origin="http://evil.example"):
                pass

    # What one tab is told: these are given, too.

    async def test_the_sender_is_told_the_id(self):
        async with tab_of(self.ana) as ana:
            answer = await says(ana, "hello", client_id="a1")
            self.assertEqual(answer["client_id"], "a1")

    async def test_a_tab_that_comes_back_hears_only_what_is_new(self):
        async with tab_of(self.ana) as ana:
            old = await says(ana, "old")
            new = await says(ana, "new")
        async with tab_of(self.ana, query=f"after={old['id']}") as ana:
            self.assertEqual((await hears(ana, "message"))["id"], new["id"])

    async def test_whoever_has_left_is_in_no_group(self):
        async with tab_of(self.ana):
            self.assertEqual(len(get_channel_layer().groups), 1)
        self.assertEqual(get_channel_layer().groups, {})

    # Part (a): who hears it?

    async def test_everyone_in_the_room_hears_it(self):
        async with tab_of(self.ana) as ana, tab_of(self.ben) as ben:
            await says(ana, "hello")
            self.assertEqual((await hears(ben, "message"))["message"], "hello")

    async def test_another_room_does_not_hear_it(self):
        async with tab_of(self.ana) as ana, tab_of(self.ben, room="kitchen") as ben:
            await says(ana, "in the lobby")
            await says(ben, "in the kitchen")
            self.assertEqual((await hears(ben, "message"))["message"], "in the kitchen")

    async def test_each_message_is_heard_once(self):
        async with tab_of(self.ana) as ana:
            for text in ("one", "two"):
                await says(ana, text)
                self.assertEqual((await hears(ana, "message"))["message"], text)

    # Part (b): what does the server believe?

    async def test_the_author_is_who_is_logged_in(self):
        async with tab_of(self.ana) as ana:
            await says(ana, "hello", author="ben")
            self.assertEqual((await hears(ana, "message"))["author"], "ana")

    async def test_what_is_sent_again_is_stored_once(self):
        async with tab_of(self.ana) as ana:
            ids = [(await says(ana, "hello", client_id="a1"))["id"] for _ in range(2)]
            self.assertEqual(ids[0], ids[1])

    async def test_what_is_not_a_message_is_answered_with_an_error(self):
        async with tab_of(self.ana) as ana:
            await ana.send_to(text_data="hello")
            self.assertIn("error", await hears(ana, "error"))

    # Part (c): who is here?

    async def test_whoever_leaves_is_taken_off_the_list(self):
        async with tab_of(self.ben) as ben:
            await hears(ben, "people")
            async with tab_of(self.ana):
                await hears(ben, "people")
            self.assertEqual(await hears(ben, "people"), {"people": ["ben"]})
