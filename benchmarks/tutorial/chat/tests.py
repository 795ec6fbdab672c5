"""What part 4 of the tutorial tests, in the same way: Selenium drives Chrome, and Channels' live
server answers in a process of its own.
https://channels.readthedocs.io/en/stable/tutorial/part_4.html

Only the browser differs: without a window, which is quicker, and Debian's.
"""

import os
import shutil

from channels.testing import ChannelsLiveServerTestCase
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

HEARS_WITHIN = 2  # seconds, as in the tutorial


def chrome():
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROME") or shutil.which("chromium") or ""
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    return webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))


class ChatTests(ChannelsLiveServerTestCase):
    serve_static = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.driver = chrome()
        cls.addClassCleanup(cls.driver.quit)

    def setUp(self):
        self.first = self.driver.current_window_handle

    def tearDown(self):
        for window in self.driver.window_handles:
            if window != self.first:
                self.driver.switch_to.window(window)
                self.driver.close()
        self.driver.switch_to.window(self.first)

    def enter(self, room):
        """Type the room's name on the first page, as a person would."""
        self.driver.get(f"{self.live_server_url}/chat/")
        self.driver.switch_to.active_element.send_keys(f"{room}\n")
        WebDriverWait(self.driver, HEARS_WITHIN).until(lambda driver: room in driver.current_url)

    def enter_in_new_window(self, room):
        self.driver.switch_to.new_window("window")
        self.enter(room)
        return self.driver.current_window_handle

    def say(self, message):
        self.driver.switch_to.active_element.send_keys(f"{message}\n")

    def log(self):
        return self.driver.find_element(By.ID, "chat-log").get_property("value")

    def hears(self, message):
        WebDriverWait(self.driver, HEARS_WITHIN).until(lambda _: message in self.log())

    def test_everyone_in_the_room_sees_a_message(self):
        self.enter("room_1")
        second = self.enter_in_new_window("room_1")
        self.driver.switch_to.window(self.first)
        self.say("hello")
        self.hears("hello")
        self.driver.switch_to.window(second)
        self.hears("hello")

    def test_nobody_in_another_room_sees_it(self):
        self.enter("room_1")
        second = self.enter_in_new_window("room_2")
        self.driver.switch_to.window(self.first)
        self.say("hello")
        self.hears("hello")
        self.driver.switch_to.window(second)
        self.say("world")
        self.hears("world")
        self.assertNotIn("hello", self.log())
