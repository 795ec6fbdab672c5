"""The database in asynchronous code."""

import ast

from workshop.checking.explaining.rules import Explanation, advice, rule


@rule(raised=r"SynchronousOnlyOperation: You cannot call this from an async context")
def orm_in_async_code(evidence, error):
    where = evidence.where(error)
    if "sync_to_async(" in evidence.line_at(where):
        return Explanation(
            "The query ran before it was wrapped. "
            "Give database_sync_to_async the function, without calling it: "
            "await database_sync_to_async(User.objects.count)()",
            where,
        )
    function = evidence.project.function_at(where)
    if isinstance(function, ast.FunctionDef):
        return Explanation(
            "A query of Django's ORM waits for the database, and the event loop may not. "
            f"{function.name}() is a plain `def` that asynchronous code calls. "
            "Decorate it with @database_sync_to_async (from channels.db), "
            f"and await {function.name}(…) where it is called.",
            where,
        )
    return Explanation(
        "A query of Django's ORM waits for the database, and in `async def` it may not. "
        "Use the method of the same name with an a in front, await User.objects.acount(), "
        "or `async for` over the queryset, "
        "or wrap a function: await database_sync_to_async(function)().",
        where,
    )


@rule(raised=r"settings\.DATABASES is improperly configured")
def database_not_configured(evidence, error):
    return Explanation(
        "This code asks the database, and settings.py names none. "
        "The chat needs none: remove the query, or add DATABASES.",
        evidence.where(error),
    )


@rule(
    raised=r"RuntimeError: Model class ([\w.]+?)\.models\.\w+ doesn't declare an explicit app_label"
)
def app_not_installed(evidence, error, name):
    return Explanation(
        f"This line imports models of {name}, and INSTALLED_APPS does not name that app. "
        "Add it there, or remove the import: the chat needs no model.",
        evidence.where(error),
    )


@rule(raised=r"OperationalError: no such table: (\w+)")
def table_missing(evidence, error, name):
    app = evidence.project.folder / name.partition("_")[0]
    make = "python manage.py migrate"
    if (app / "models.py").is_file() and not list(app.glob("migrations/0*.py")):
        make = f"python manage.py makemigrations {app.name}, then {make}"
    return Explanation(
        f"The database has no table {name} yet. Make it: {make}", evidence.where(error)
    )


@advice
def async_unsafe(evidence):
    for source in evidence.project.sources:
        for node in source.nodes(ast.Constant):
            if node.value == "DJANGO_ALLOW_ASYNC_UNSAFE":
                return Explanation(
                    "DJANGO_ALLOW_ASYNC_UNSAFE only silences Django: "
                    "a query in `async def` still holds up everybody, "
                    "and connections may be shared between tasks. "
                    "Use the methods with an a in front, such as acount(), "
                    "or database_sync_to_async.",
                    source.where(node),
                )
