"""HTML as a tree, so that tests see what a browser would make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "input", "br", "img", "link", "hr"}


@dataclass
class Element:
    """One element with what is in it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    content: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    @property
    def words(self) -> str:
        """The text with its white space as a browser shows it."""
        return " ".join(self.text.split())

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def all(self, tag: str = "", class_: str = "") -> Iterator[Element]:
        """Everything inside of this tag and class, in order."""
        for part in self.content:
            if isinstance(part, Element):
                if tag in ("", part.tag) and (not class_ or class_ in part.classes):
                    yield part
                yield from part.all(tag, class_)

    def one(self, tag: str = "", class_: str = "") -> Element:
        return next(self.all(tag, class_))

    def by_id(self, id_: str) -> Element:
        return next(element for element in self.all() if element.attributes.get("id") == id_)

    def inside(self, tag: str, class_: str = "") -> Element | None:
        """The nearest such element around this one."""
        around = self.parent
        while around and not (around.tag == tag and (not class_ or class_ in around.classes)):
            around = around.parent
        return around


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.content.append(element)
        if tag not in _VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.content.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        assert self.at.parent
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.content.append(data)


def parse(html: str) -> Element:
    """The document; fails where an element is closed that is not open."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert parser.at is parser.root, f"<{parser.at.tag}> is not closed"
    return parser.root


def rows(table: Element) -> list[list[str]]:
    """The cells of a table's body."""
    return [[cell.words for cell in row.content if isinstance(cell, Element)] for row in table.one("tbody").all("tr")]


def table(document: Element, caption: str) -> Element:
    """The table whose caption begins so."""
    return next(one for one in document.all("table") if one.one("caption").words.startswith(caption))
