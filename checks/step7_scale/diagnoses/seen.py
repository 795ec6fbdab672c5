"""What the rules of step 7 ask of the evidence."""

import ast

from checks.step5_people.diagnoses.seen import calls
from workshop.checking.explaining.nodes import last_name

LOOPS = (ast.While, ast.For, ast.AsyncFor)


def functions(evidence, *names):
    """(source, function) for each function or method of these names, in any file of the project."""
    return [
        (source, node)
        for source in evidence.project.sources
        for node in ast.walk(source.tree or ast.Pass())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names
    ]


def of_the_layer(evidence, name):
    """(source, function, call) for each call of this method of the channel layer in a function,
    whatever the layer is called there."""
    return [
        (source, function, call)
        for source in evidence.project.sources
        for function in ast.walk(source.tree or ast.Pass())
        if isinstance(function, ast.AsyncFunctionDef)
        for call in calls(function, name)
        if isinstance(call.func, ast.Attribute) and "layer" in (last_name(call.func.value) or "")
    ]


def loops_around(function, node):
    """The loops of the function that the node is in."""
    return [
        loop for loop in ast.walk(function) if isinstance(loop, LOOPS) and node in ast.walk(loop)
    ]


def takes(evidence):
    """Whether anybody took a message from the layer: a relay, or a consumer."""
    taken = [call for call in evidence.layer_calls("receive") if call.type == "chat.message"]
    return bool(taken) or evidence.begun("chat.message") > 0
