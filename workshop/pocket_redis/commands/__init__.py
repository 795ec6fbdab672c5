"""The commands, a file for each family. Importing this fills the table of the registry."""

from . import (  # noqa: F401
    administration,
    connection,
    hashes,
    keys,
    lists,
    pubsub,
    scripts,
    sets,
    sorted_sets,
    strings,
    transactions,
)
