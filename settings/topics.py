"""MQTT topics (MQTT 5, chapter 4.7): where wildcards may stand, and what a filter matches."""

from __future__ import annotations

LONGEST_TOPIC_BYTES = 65535


def fault(topic: str, *, wildcards: bool) -> str:
    """Return what is wrong with a topic (or, with `wildcards`, a topic filter); empty when nothing is."""
    if not topic:
        return "it is empty"
    if topic.startswith("$"):
        return "topics that start with $ belong to the broker"
    if any(ord(character) < 32 or ord(character) == 127 for character in topic):
        return "it holds a control character"
    if len(topic.encode(errors="replace")) > LONGEST_TOPIC_BYTES:
        return f"it is longer than {LONGEST_TOPIC_BYTES} bytes"
    if not wildcards:
        # AIO replaces $topic and ${...} in a destination, and {principal...} in a rule: the two would differ.
        return "a destination is one topic, without + # $ { }" if set(topic) & set("+#${}") else ""
    levels = topic.split("/")
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        return "# stands alone, as the last level"
    if any("+" in level and level != "+" for level in levels):
        return "+ stands alone between two slashes"
    return ""


def matches(topic_filter: str, topic: str) -> bool:
    """Return whether a subscription to the filter receives messages on the topic."""
    expected, levels = topic_filter.split("/"), topic.split("/")
    if expected[-1] == "#":
        expected = expected[:-1]
        levels = levels[: len(expected)]  # "a/#" matches "a" as well
    return len(expected) == len(levels) and all(w in ("+", level) for w, level in zip(expected, levels, strict=True))
