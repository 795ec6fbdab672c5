import asyncio

from django.test import SimpleTestCase, override_settings

import exhibition
from club.playing import Played
from club.record import most_at_once


class ExhibitionTests(SimpleTestCase):
    def play(self, way):
        played = Played(way, boards=8, pairs=2, speed=10_000)
        self.assertIsNone(played.problem())
        return played.events

    def test_one_after_another_one_opponent_thinks_at_a_time(self):
        events = self.play(exhibition.exhibition_one_after_another)
        self.assertEqual(most_at_once(events, "opponent"), 1)

    def test_walking_all_opponents_think_at_once(self):
        events = self.play(exhibition.exhibition_walking)
        self.assertEqual(most_at_once(events, "opponent"), 8)

    def test_walking_alice_still_makes_one_move_at_a_time(self):
        events = self.play(exhibition.exhibition_walking)
        self.assertEqual(most_at_once(events, "Alice"), 1)


class ViewTests(SimpleTestCase):
    @override_settings(THINKING_SECONDS=1)
    async def test_browsers_wait_together(self):
        asked = [self.async_client.get("/awaiting/") for _ in range(8)]
        answers = [response.json() for response in await asyncio.gather(*asked)]
        # Eight, as a rule. A view that blocks the event loop never gets to two.
        self.assertGreater(max(answer["waiting_together"] for answer in answers), 1)

    @override_settings(THINKING_SECONDS=0)
    async def test_the_answer_is_a_move(self):
        for view in ("blocking", "awaiting", "threaded"):
            response = await self.async_client.get(f"/{view}/")
            self.assertIn("move", response.json())

    async def test_the_heart_beats(self):
        response = await self.async_client.get("/heartbeat/")
        self.assertEqual(response["Content-Type"], "text/event-stream")
        beats = aiter(response)
        self.assertEqual(await anext(beats), b"data: 1\n\n")
        self.assertEqual(await anext(beats), b"data: 2\n\n")
        await response.streaming_content.aclose()
