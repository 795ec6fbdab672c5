import uvicorn
from daphne.management.commands import runserver


class Command(runserver.Command):
    """`manage.py runserver`, of this app and not of Daphne's, which comes later in INSTALLED_APPS.
    It takes the same arguments."""

    def inner_run(self, *args, **options):
        uvicorn.run(
            "mysite.asgi:application",
            host=self.addr,
            port=int(self.port),
            lifespan="off",  # which Channels doesn't have
            timeout_graceful_shutdown=5,  # seconds for browsers that are slow to leave
        )
