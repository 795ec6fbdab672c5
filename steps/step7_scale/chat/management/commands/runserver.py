# TODO 5: import uvicorn.
from daphne.management.commands import runserver


class Command(runserver.Command):
    """`manage.py runserver`, of this app and not of Daphne's, which comes later in INSTALLED_APPS.
    It takes the same arguments."""

    def inner_run(self, *args, **options):
        # TODO 5: this is Daphne, which ends a WebSocket without a word when it is stopped. Let
        #         uvicorn.run() serve "mysite.asgi:application" instead: its host is self.addr, its
        #         port is int(self.port), its lifespan is "off", and timeout_graceful_shutdown=5 are
        #         the seconds that it gives to browsers that are slow to leave.
        super().inner_run(*args, **options)
