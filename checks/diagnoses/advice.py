"""What no check sees and a teacher would mention, after everything has passed."""

import ast

from workshop.checking.explaining.rules import Explanation, advice
from workshop.checking.explaining.source import last_name, on_self

CHANGES = {"append", "add", "insert", "extend", "update", "setdefault", "pop", "remove", "discard"}


@advice(needs="chat")
def state_on_the_class(evidence):
    for consumer in evidence.consumers:
        mutable = {
            name: node
            for name, node in consumer.class_values
            if name != "groups"
            and isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.Call)
        }
        own = {
            n.attr
            for n in consumer.nodes(ast.Attribute)
            if on_self(n) and isinstance(n.ctx, ast.Store)
        }
        for node in consumer.nodes(ast.Attribute, ast.Subscript):
            changed = None
            if isinstance(node, ast.Attribute) and node.attr in CHANGES:
                changed = node.value
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
                changed = node.value
            name = last_name(changed) if isinstance(changed, ast.Attribute) else None
            if name in mutable and name not in own:
                return Explanation(
                    f"{name} stands on the class, so all consumers of this process share it, those "
                    "of every room and every browser. What belongs to one socket is set in "
                    f"connect(): self.{name} = …",
                    consumer.where(mutable[name]),
                )
        for node in consumer.nodes(ast.Attribute):
            owner = ast.unparse(node.value)
            shared = owner in (consumer.name, "self.__class__", "type(self)")
            if shared and isinstance(node.ctx, ast.Store):
                return Explanation(
                    f"{ast.unparse(node)} stands on the class, so all consumers of this process "
                    f"share it, and the last one decides. Write self.{node.attr}.",
                    consumer.where(node),
                )
