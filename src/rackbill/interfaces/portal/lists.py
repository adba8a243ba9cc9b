"""What all lists share: the page asked for, and links that keep the rest of the address."""

from typing import Any

from django.http import HttpRequest

from rackbill.domain.kit.paging import Page

PAGE = 50


def offset(request: HttpRequest) -> int:
    """Where the page begins; anything that is no number is the beginning."""
    text = request.GET.get("offset", "0")
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _with(request: HttpRequest, **changes: object) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None, 0):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


def columns(
    request: HttpRequest, sort: str, specs: list[tuple[str, Any]], figures: tuple[int, ...] = ()
) -> list[dict[str, Any]]:
    """Headers: label, link that sorts by the column (turned when it is sorted by already), aria-sort; figures stand right."""
    result = []
    for place, (key, label) in enumerate(specs):
        is_sorted = bool(key) and sort.lstrip("-") == key
        turned = f"-{key}" if sort == key else key
        direction = "descending" if sort.startswith("-") else "ascending"
        result.append(
            {
                "label": label,
                "link": _with(request, sort=turned, offset=0) if key else "",
                "aria_sort": direction if is_sorted else "",
                "is_figure": place in figures,
            }
        )
    return result


def links(request: HttpRequest, page: Page[Any]) -> dict[str, Any]:
    """Addresses of the pages before and after, and which rows are shown."""
    following, before = page.next_offset, page.previous_offset
    return {
        "next": "" if following is None else _with(request, offset=following),
        "previous": "" if before is None else _with(request, offset=before),
        "first": page.offset + 1 if page.rows else 0,
        "last": page.offset + len(page.rows),
    }
