import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# The chat page is the same in every step, so there is one, in page/ at the top of the workshop.
sys.path.append(str(BASE_DIR.parent.parent))

SECRET_KEY = "for the workshop only"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    # TODO 1: "daphne" goes first. Its runserver replaces Django's own and speaks ASGI.
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "chat",
    "page",
]

MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]

# Sessions live in a signed cookie: this chat needs no database.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

ROOT_URLCONF = "mysite.urls"
# TODO 1: tell Daphne which application to serve: ASGI_APPLICATION is "mysite.asgi.application".

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

STATIC_URL = "static/"
TIME_ZONE = "UTC"
