"""The accounts that step 5's check makes are as Django would have made them."""

import sqlite3
from contextlib import closing

from django.contrib.auth.hashers import MD5PasswordHasher

from checks.step5_people.observers.accounts import Accounts


def test_no_login_makes_a_new_hash_of_the_password(tmp_path):
    """It would end the sessions of those who log in at the same time."""
    columns = (
        "username UNIQUE, password, date_joined, is_active, is_staff, is_superuser, first_name, "
        "last_name, email"
    )
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        database.execute(f"CREATE TABLE auth_user ({columns})")
        Accounts(f"sqlite:///{tmp_path / 'db.sqlite3'}").make("dora")
        ((password,),) = database.execute("SELECT password FROM auth_user")
    hasher = MD5PasswordHasher()
    assert hasher.verify("dora", password)
    assert not hasher.must_update(password)
