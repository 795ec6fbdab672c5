"""The database in asynchronous code."""

from workshop.checking.diagnosing import Catalogue

catalogue = Catalogue()
diagnosis, error = catalogue.diagnosis, catalogue.error


@diagnosis("orm-in-async-code")
def _(evidence):
    found = evidence.error(r"SynchronousOnlyOperation: You cannot call this from an async context")
    if found is None:
        return None
    where = evidence.where(found)
    source = evidence.project.source_at(where)
    if source and "sync_to_async(" in source.line(where.line):
        return (
            "The query ran before it was wrapped. Give database_sync_to_async the function, "
            "without "
            "calling it: await database_sync_to_async(User.objects.count)()",
            where,
        )
    return (
        "A query of Django's ORM waits for the database, and in `async def` it may not. Use the "
        "method of the same name with an a in front, await User.objects.acount(), or `async for` "
        "over the queryset, or wrap a function: await database_sync_to_async(function)().",
        where,
    )


error(
    "database-not-configured",
    r"settings\.DATABASES is improperly configured",
    "This code asks the database, and settings.py names none. The chat needs none: take the query "
    "away, or add DATABASES.",
)

error(
    "app-not-installed",
    r"RuntimeError: Model class ([\w.]+?)\.models\.\w+ doesn't declare an explicit app_label",
    "This line imports models of {0}, and INSTALLED_APPS does not name that app. Add it there, or "
    "take the import away: the chat needs no model.",
)

error(
    "table-missing",
    r"OperationalError: no such table: (\w+)",
    "The database has no table {0} yet. Make it: python manage.py migrate",
)
