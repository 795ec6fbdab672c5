import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "for the workshop only"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "daphne",  # first: it makes runserver an ASGI server
    "django.contrib.staticfiles",
    "hall",
]

ROOT_URLCONF = "mysite.urls"
ASGI_APPLICATION = "mysite.asgi.application"

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

STATIC_URL = "static/"
TIME_ZONE = "UTC"

# How long an opponent thinks, in real seconds.
THINKING_SECONDS = float(os.environ.get("THINKING_SECONDS", "1"))
