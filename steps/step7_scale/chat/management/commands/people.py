from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

NAMES = ("ana", "ben", "cleo")


class Command(BaseCommand):
    help = "Makes ana, ben and cleo, who can then log in. Each has their name for a password."

    def handle(self, *args, **options):
        for name in NAMES:
            user, _ = get_user_model().objects.get_or_create(username=name)
            user.set_password(name)  # for the workshop only
            user.save()
            self.stdout.write(f"{name}, with the password {name}")
