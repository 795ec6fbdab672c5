from pathlib import Path

from django.core.management.base import BaseCommand

from classroom import export


class Command(BaseCommand):
    help = "Writes the day in figures, without names, to a folder."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder, **_):
        for file in export.write(folder):
            self.stdout.write(f"Written: {file}")
