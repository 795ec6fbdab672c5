import os
import sys
from pathlib import Path

from mysite import database

BASE_DIR = Path(__file__).resolve().parent.parent

# The chat page is the same in every step, so there is one, in page/ at the top of the workshop.
sys.path.append(str(BASE_DIR.parent.parent))

SECRET_KEY = "for the workshop only"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "daphne",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "chat",
    "page",
]

MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]

# Sessions live in a signed cookie: the database has the messages and nothing else.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

ROOT_URLCONF = "mysite.urls"
ASGI_APPLICATION = "mysite.asgi.application"

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")],
            "capacity": 1000,  # events that may wait; more are lost
        },
    }
}

DATABASES = {
    "default": database.from_url(
        os.environ.get("DATABASE_URL") or f"sqlite:///{BASE_DIR / 'db.sqlite3'}"
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

STATIC_URL = "static/"
TIME_ZONE = "UTC"
