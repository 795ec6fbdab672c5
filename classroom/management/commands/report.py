from pathlib import Path

from django.core.management.base import BaseCommand

from classroom import export


class Command(BaseCommand):
    help = "Writes the day in figures and as a picture, without names, to a folder."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder, **_):
        from classroom import picture  # here: only this command needs matplotlib

        for file in [*export.write(folder), picture.draw(export.gather(), folder)]:
            self.stdout.write(f"Written: {file}")
