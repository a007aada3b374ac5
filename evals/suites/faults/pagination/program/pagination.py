"""Cut a list of results into pages and say which page links to show."""

from dataclasses import dataclass, field

DEFAULT_SIZE = 20
MAX_SIZE = 100


@dataclass
class Page:
    """One page of results with what a template needs to know about the others."""

    items: list
    number: int
    size: int
    total: int
    links: list = field(default_factory=list)

    @property
    def pages(self):
        return (self.total + self.size - 1) // self.size

    @property
    def has_next(self):
        return self.number < self.pages

    @property
    def has_previous(self):
        return self.number > 1

    @property
    def first_index(self):
        """Position of the first item, counted from 1; 0 on an empty page."""
        return (self.number - 1) * self.size + 1 if self.items else 0

    @property
    def last_index(self):
        return self.first_index + len(self.items) - 1 if self.items else 0


def clamp(value, low, high):
    return max(low, min(value, high))


def page_links(current, pages, around=1):
    """Page numbers to link to, with None where numbers are left out.

    The first and the last page are always there, and `around` pages on each side of the current one.
    """
    wanted = {1, pages}
    wanted.update(range(current - around, current + around + 1))
    shown = sorted(number for number in wanted if 1 <= number <= pages)
    links = []
    previous = 0
    for number in shown:
        if number - previous > 1:
            links.append(None)
        links.append(number)
        previous = number
    return links


def paginate(results, number=1, size=DEFAULT_SIZE):
    """The page `number` of `results`; a number out of range gives the nearest page."""
    size = clamp(size, 1, MAX_SIZE)
    total = len(results)
    pages = max(1, (total + size - 1) // size)
    number = clamp(number, 1, pages)
    start = (number - 1) * size
    items = list(results[start : start + size])
    return Page(items, number, size, total, page_links(number, pages))


def iterate(fetch, size=DEFAULT_SIZE):
    """Yield everything behind `fetch(offset, limit)`, which returns a short page at the end."""
    offset = 0
    while True:
        batch = fetch(offset, size)
        yield from batch
        if len(batch) < size:
            return
        offset += size


def describe(page):
    if not page.items:
        return "No results"
    if page.pages == 1:
        return f"All {page.total} results"
    return f"{page.first_index}-{page.last_index} of {page.total}"
