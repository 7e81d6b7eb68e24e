"""Checks of what travels over a link: only with `--messages`, as whoever reads the topics gets them too."""

from __future__ import annotations

from collections.abc import Iterator

from automation.verify.azure import Unseen, UnseenError
from automation.verify.check import Problem
from automation.verify.look import Look
from automation.verify.messages import Exchange

_REFUSED = 128
"""The first reason code that is none of success (OASIS MQTT 5.0, 2.4)."""
_HUNG_UP = -1


def check_arrivals(look: Look) -> Iterator[Problem]:
    """Check that a message on each topic has arrived at the other end."""
    if exchange := _find(look):
        for topic, code in exchange.taken.items():
            look.looked += 1
            where = f"link {look.place.name}, {topic}"
            if not 0 <= code < _REFUSED:
                yield Problem(where, f"the site's own broker has not taken it ({_name(code)})", "taken")
            elif topic not in exchange.seconds:
                yield Problem(where, "the message has not arrived", "within three minutes")
            else:
                look.told.append(f"{topic} within {max(0.0, exchange.seconds[topic]):.0f} s")


def check_refusal(look: Look) -> Iterator[Problem]:
    """Check that the broker takes no message from the link on a topic of somebody else."""
    if exchange := _find(look):
        if isinstance(exchange.refusal, str):
            look.note(f"link {look.place.name}", UnseenError(exchange.refusal))
            return
        look.looked += 1
        if exchange.refusal != _HUNG_UP and exchange.refusal < _REFUSED:
            seen = f"a message on a topic that is not the link's is taken ({_name(exchange.refusal)})"
            yield Problem(f"link {look.place.name}", seen, "refused")
        else:
            look.told.append(_name(exchange.refusal))


def _find(look: Look) -> Exchange | None:
    found = look.evidence.exchanges.get(look.place.name)
    if isinstance(found, Unseen):
        look.note(f"link {look.place.name}", UnseenError(found.reason))
        return None
    return found


def _name(code: int) -> str:
    return "the connection was closed" if code == _HUNG_UP else f"reason code 0x{code:02x}"
