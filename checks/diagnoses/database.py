"""The database in asynchronous code."""

import ast
from dataclasses import replace
from pathlib import Path

from workshop.checking.explaining.callers import TO_THREAD
from workshop.checking.explaining.edits import after, instead, made_async, without
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, advice, rule


@rule(raised=r"SynchronousOnlyOperation: You cannot call this from an async context")
def orm_in_async_code(evidence, error):
    where, why = evidence.where(error), "A Django ORM query waits for the database"
    if "sync_to_async(" in evidence.line_at(where):
        return _asked_too_early(evidence, where)
    if any(Path(frame.file).name == "related_descriptors.py" for frame in error.frames):
        return _related(evidence, where)
    at = evidence.at(where)
    if isinstance(at.function, ast.FunctionDef):
        return Explanation(
            f"{why}, which is not allowed on the event loop. "
            f"{at.name}() is a plain `def` that asynchronous code calls. "
            "Decorate it with @database_sync_to_async (from channels.db), "
            f"and write `await {at.name}(…)` where it is called.",
            where,
        )
    asked = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) in ASYNC_TWINS]
    if len(asked) != 1 or not isinstance(asked[0].func, ast.Attribute):
        return Explanation(
            f"{why}, which is not allowed in `async def`. "
            "Use `async for` over the queryset, or the method with an a "
            "prefix, such as `await ….acount()`, or move it to a function "
            "and `await database_sync_to_async(function)()`.",
            where,
            evidence.suggest(where, *_asynchronous_loop(evidence, where)),
        )
    called = asked[0].func
    twin = ast.Attribute(called.value, f"a{called.attr}", ast.Load())
    at = replace(at, call=asked[0], coroutine=twin)
    return Explanation(
        f"{why}, which is not allowed in `async def`. {at.to_run()}",
        where,
        at.suggestion,
    )


def _related(evidence, where):
    """row.user, where the row was fetched without its user."""
    loops = evidence.nodes_at(where, ast.AsyncFor)
    for comprehension in evidence.nodes_at(where, ast.SetComp, ast.ListComp, ast.GeneratorExp):
        loops += comprehension.generators
    rows = {loop.target.id: loop for loop in loops if isinstance(loop.target, ast.Name)}
    for node in evidence.nodes_at(where, ast.Attribute):
        of = node.value
        if isinstance(of, ast.Attribute) and getattr(of.value, "id", None) in rows:
            row, fetched = of.value.id, f'.select_related("{of.attr}")'
            return Explanation(
                f"`{row}.{of.attr}` is another row, and the database is asked for it here, which "
                f"is not allowed in `async def`. Fetch both at once, with `{fetched}` at the end "
                "of the query.",
                where,
                evidence.suggest(where, after(rows[row].iter, fetched)),
            )
    return Explanation(
        "This line asks the database for a related row, which is not allowed in `async def`. Fetch "
        "it along with the first one: `.select_related(…)`, with the name of the field, in the "
        "query.",
        where,
    )


def _asynchronous_loop(evidence, where):
    """The change that goes over a queryset with `async for`, where a plain one is all there is."""
    loops = evidence.nodes_at(where, ast.For)
    queries = [loop for loop in loops if last_name(getattr(loop.iter, "func", None)) in QUERYSETS]
    return [made_async(loop) for loop in queries]


# What returns a queryset, which can be gone through with `async for`.
QUERYSETS = "all filter exclude order_by reverse distinct values values_list select_related".split()

# The methods of querysets and models that Django has with an a prefix, too
# (https://docs.djangoproject.com/en/5.2/topics/async/#queries-the-orm).
ASYNC_TWINS = (
    "get create get_or_create update_or_create bulk_create bulk_update count in_bulk latest "
    "earliest first last aggregate exists contains update delete explain save refresh_from_db"
).split()


def _asked_too_early(evidence, where):
    """database_sync_to_async(User.objects.count()): the query runs before it is wrapped."""
    source, calls = evidence.project.source_at(where), evidence.nodes_at(where, ast.Call)
    wraps = [c for c in calls if last_name(c.func) in TO_THREAD and len(c.args) == 1]
    given = wraps[0].args[0] if len(wraps) == 1 else None
    code, changes = "database_sync_to_async(User.objects.count)()", []
    if isinstance(given, ast.Call):
        whole = next((c for c in calls if c.func is wraps[0]), wraps[0])
        function = source.as_written(given.func)
        arguments = source.as_written(given)[len(function) :]
        code = f"{source.code(wraps[0].func)}({function}){arguments}"
        changes = [instead(whole, code)]
    return Explanation(
        "The query ran before it was wrapped. "
        f"Pass the function without calling it: `await {code}`",
        where,
        evidence.suggest(where, *changes),
    )


@rule(raised=r"settings\.DATABASES is improperly configured")
def database_not_configured(evidence, error):
    return Explanation(
        "This code queries the database, but settings.py does not configure one. "
        "The chat does not need one: remove the query, or add DATABASES.",
        evidence.where(error),
    )


@rule(
    raised=r"RuntimeError: Model class ([\w.]+?)\.models\.\w+ doesn't declare an explicit app_label"
)
def app_not_installed(evidence, error, name):
    where, needed = evidence.where(error), ""
    source = evidence.project.source_at(where)
    imports = evidence.nodes_at(where, ast.Import, ast.ImportFrom)
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    if source and any(node.id in names for node in source.nodes(ast.Name)):
        needed = ", and everything that uses it"
    return Explanation(
        f"This import needs the app {name}, which INSTALLED_APPS does not name. "
        f"The chat does not need a model: remove the import{needed}. "
        "Or add the app there, along with the apps that it needs.",
        where,
        None if needed else evidence.suggest(where, *map(without, imports)),
    )


@rule(raised=r"OperationalError: no such table: (\w+)")
def table_missing(evidence, error, name):
    app = evidence.project.folder / name.partition("_")[0]
    make = "python manage.py migrate"
    if (app / "models.py").is_file() and not list(app.glob("migrations/0*.py")):
        make = f"python manage.py makemigrations {app.name}, then {make}"
    where, settings = evidence.where(error), evidence.project.settings_files
    if any(node.value == ":memory:" for one in settings for node in one.nodes(ast.Constant)):
        return Explanation(
            f"The database has no table {name}, and a database "
            'in ":memory:" is empty at every start. '
            "The chat does not need one: remove this query. "
            f"Or give DATABASES a file as its NAME, and create the table: {make}",
            where,
        )
    return Explanation(f"The database has no table {name} yet. Create it: {make}", where)


@advice
def async_unsafe(evidence):
    for source in evidence.project.sources:
        for node in source.nodes(ast.Constant):
            if node.value == "DJANGO_ALLOW_ASYNC_UNSAFE":
                return Explanation(
                    "DJANGO_ALLOW_ASYNC_UNSAFE only silences Django: a query in `async def` "
                    "still blocks everyone, and connections may be shared between tasks. "
                    "Use the methods with an a prefix, such as "
                    "acount(), or database_sync_to_async.",
                    source.where(node),
                )
