"""Whatever a text holds, it stays text."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from snapper.cli.html import element, joined, table


class Reader(HTMLParser):
    """Notes elements and texts as a browser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(max_size=40))
def test_a_text_adds_no_element_and_no_attribute(text: str) -> None:
    found = Reader(element("p", text, title=text))
    assert [(tag, [name for name, _ in given]) for tag, given in found.elements] == [
        ("p", ["title"])
    ]


def test_a_hostile_text_is_shown_as_it_is() -> None:
    text = "<script>alert('x')</script> & \"x\""
    assert Reader(element("p", text)).text == text
    assert Reader(element("p", "a\x1b[2J\u202eb\nc")).text == r"a\x1b[2J\u202eb\nc"


def test_a_table_has_its_headers_and_cells() -> None:
    found = Reader(table(("a", "b"), ("<1>", element("b", "2"))))
    tags = [tag for tag, _ in found.elements]
    assert tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td", "b"]
    assert found.text == "ab<1>2"


def test_parts_are_joined_without_anything_between() -> None:
    assert joined("a<", element("b")) == "a&lt;<b></b>"
