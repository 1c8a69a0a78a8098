"""HTML in which every text is escaped, whoever wrote it: names and reasons may be hostile."""

import html

from snapper.values.visible import one_line


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *content: str, **attributes: str) -> Html:
    """Give an element; what is no HTML yet becomes text, and `class_` is the attribute `class`.

    >>> print(element("td", "a < b", element("b", "c"), class_="bad"))
    <td class="bad">a &lt; b<b>c</b></td>
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: str) -> Html:
    """Give all of it behind each other."""
    return Html("".join(each if isinstance(each, Html) else escaped(each) for each in content))


def escaped(text: str) -> Html:
    r"""Give text as HTML; what would act on a reader or hide is written as \x1b.

    >>> print(escaped('<script>"\x1b'))
    &lt;script&gt;&quot;\x1b
    """
    return Html(html.escape(one_line(text)))


def table(headers: tuple[str, ...], *rows: tuple[str, ...]) -> Html:
    """Give a table."""
    head = element("tr", *(element("th", each) for each in headers))
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    return element("table", element("thead", head), element("tbody", *body))
