"""A consumer's membership in groups: what a teacher would mention after a pass."""

from workshop.checking.events import Ended, Handled, LayerMade
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.rules import Explanation, advice

MEMORY = "channels.layers.InMemoryChannelLayer"


@advice(needs="chat", unless="scale")
def group_discard_forgotten(evidence):
    """Somebody joined, left, and was never removed."""
    joined = evidence.layer_calls("group_add")
    left = evidence.events(Handled, type="websocket.disconnect") or evidence.events(
        Ended, error=None
    )
    if not joined or not left or evidence.layer_calls("group_discard"):
        return None
    for consumer in evidence.consumers:
        if not consumer.mentions("group_discard"):
            where = consumer.where(consumer.methods.get("disconnect"))
            arguments = f"{evidence.group}, self.channel_name"
            leave = evidence.call_for(where, "self.channel_layer.group_discard", arguments)
            return Explanation(
                f"The consumer joins a group and never leaves it. {_kept(evidence)} "
                f"In disconnect(), write: {leave}",
                where,
            )


def _kept(evidence):
    """What the layer that ran does about it, as far as that is known."""
    made = {event.name for event in evidence.events(LayerMade)}
    if made == {MEMORY}:
        return "This layer tolerates that; in Redis the channel would stay in the group for a day."
    return "Its channel stays in the group: in Redis for a day, unless group_expiry says otherwise."


@advice(needs="chat", unless="scale")
def groups_is_a_text(evidence):
    for consumer in evidence.consumers:
        for name, node in consumer.class_values:
            text = getattr(node.value, "value", None)
            if name == "groups" and isinstance(text, str):
                return Explanation(
                    "groups is a string, so the consumer joins one group for each letter of it. "
                    f'Write groups = ["{text}"].',
                    consumer.where(node),
                    evidence.suggest(consumer.where(node), instead(node.value, f'["{text}"]')),
                )
