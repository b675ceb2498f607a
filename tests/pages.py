"""A page as a tree, for tests that look for what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "br", "input", "img", "path"}


@dataclass
class Element:
    """An element of a page, with its attributes, the elements in it, and its own text."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        """The elements in it that have one of the tags, in order."""
        return [
            found for child in self.children for found in (*([child] if child.tag in tags else []), *child.all(*tags))
        ]

    @property
    def text(self) -> str:
        """All text in it, in order of depth; good for a cell."""
        parts = [*self.texts, *(child.text for child in self.children)]
        return " ".join(" ".join(parts).split())


class Parser(HTMLParser):
    """A page as a tree. Whatever is left open, or closed in the wrong order, is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].texts.append(data)


def parsed(page: Path) -> Element:
    parser = Parser()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.close()
    assert parser.open == [parser.root]
    return parser.root


def table(page: Element, caption: str) -> list[list[str]]:
    """The rows of the table with a caption, header and footer among them, as texts."""
    [found] = [each for each in page.all("table") if each.all("caption")[0].text == caption]
    return [[cell.text for cell in row.all("th", "td")] for row in found.all("tr")]


def section(page: Element, heading: str) -> Element:
    [found] = [each for each in page.all("section") if each.attributes["aria-labelledby"] == heading]
    return found
