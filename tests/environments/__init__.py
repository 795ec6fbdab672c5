"""Machines and networks on which the workshop ends badly, made here and now: what is said there.

Each needs no more than this machine: servers on 127.0.0.1, and what Linux lets a user without
rights do in namespaces of their own (`unshare`). To run only these:
python -m pytest -m slow tests/environments
"""
