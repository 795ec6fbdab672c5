"""The settings of the classroom. `python3 -m workshop classroom` sets the variables."""

import hashlib
import os
from pathlib import Path

from classroom import database, keys

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("CLASSROOM_FOLDER") or ROOT / ".workshop" / "classroom")

KEYS = keys.read_or_make(FOLDER)
SECRET_KEY = KEYS.secret_key
DEBUG = False

# Exactly the addresses that were printed: "http://192.168.1.20:8800 http://127.0.0.1:8800".
ORIGINS = (os.environ.get("CLASSROOM_ORIGINS") or "http://127.0.0.1:8800").split()
ALLOWED_HOSTS = [origin.split("://")[1].rpartition(":")[0] for origin in ORIGINS]

INSTALLED_APPS = [
    "daphne",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "classroom",
    "page",
]

MIDDLEWARE = [
    "classroom.views.only_from_here",
    "classroom.views.laptops_first",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "classroom.views.all_in_one_thread",
]

# Cookies are shared by all ports of a host: the steps' chat, at port 8000, has its own.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "classroom"
CSRF_COOKIE_NAME = "classroom-csrf"
CSRF_FAILURE_VIEW = "classroom.views.csrf_failed"

DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024

ROOT_URLCONF = "classroom.urls"
ASGI_APPLICATION = "classroom.asgi.application"

REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379"
# Another classroom, or a step's chat, may use the same Redis.
PREFIX = "classroom-" + hashlib.sha256(str(FOLDER).encode()).hexdigest()[:8]
PROCESSES = int(os.environ.get("CLASSROOM_PROCESSES") or 1)

CHANNEL_LAYERS = {
    "default": {
        # Not that of core, which writes an event into Redis for each page that is to hear it, and
        # reads each back. Here a server process hears it once, for all its pages.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": PREFIX},
    }
}

DATABASES = {
    "default": database.from_url(
        os.environ.get("DATABASE_URL") or f"sqlite:///{FOLDER / 'db.sqlite3'}"
    )
}
if "init_command" in (of_sqlite := DATABASES["default"].get("OPTIONS", {})):
    of_sqlite["init_command"] += "; PRAGMA wal_autocheckpoint=0"  # see checkpoints.py
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

# What goes wrong, and what is refused: in a file, for the terminal shows the board's address.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "file": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": FOLDER / "log.txt",
            "maxBytes": 2_000_000,
            "backupCount": 1,
            "encoding": "utf-8",
            "formatter": "line",
            "level": "WARNING",
        }
    },
    "root": {"handlers": ["file"]},
}

STATIC_URL = "/static/"
USE_TZ = True
TIME_ZONE = "UTC"
