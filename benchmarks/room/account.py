"""Makes the tables of the project in this folder, logs somebody in, and prints the cookie.

All browsers are this one person's. Run as `python -m benchmarks.room.account`.
"""

import os

import django
from django.conf import settings
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.room.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402

call_command("migrate", verbosity=0)
client = Client()
client.force_login(get_user_model().objects.create_user("ana"))
print(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
