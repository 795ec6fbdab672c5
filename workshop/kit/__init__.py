"""A kit: a folder with all that a set-up downloads, for the laptops of a whole room.

An instructor makes it at home, with `python3 -m workshop kit FOLDER`, and hands it out at a
conference whose Wi-Fi couldn't carry as many downloads: over the room's network, or on USB sticks.

    FOLDER/index.html         what to type, for whoever opens the folder or its address
    FOLDER/workshop.zip       the repository
    FOLDER/SHA256SUMS         the digests of all that is downloaded, as `sha256sum -c` reads them
    FOLDER/wheels/*.whl       the packages, uv among them
    FOLDER/wheels/index.html  links to all of them, as --find-links wants it
"""


class KitError(Exception):
    """The kit could not be made or served. The message says why, and what to do."""
