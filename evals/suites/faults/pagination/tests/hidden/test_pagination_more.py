from pagination import describe, iterate, page_links, paginate


def test_pages_cover_everything_once():
    rows = list(range(23))
    seen = []
    for number in range(1, 6):
        seen += paginate(rows, number=number, size=5).items
    assert seen == rows


def test_page_count_at_the_edges():
    assert paginate("a", size=1).pages == 1
    assert paginate("ab", size=1).pages == 2
    assert paginate("abcdef", size=3).pages == 2
    assert paginate([], size=3).pages == 0


def test_exactly_full_last_page_has_no_next():
    page = paginate("abcdef", number=2, size=3)
    assert page.items == ["d", "e", "f"]
    assert not page.has_next


def test_single_page_has_no_neighbours():
    page = paginate("ab")
    assert not page.has_next
    assert not page.has_previous


def test_size_has_a_lower_bound():
    assert paginate("abc", size=0).items == ["a"]


def test_number_beyond_the_end():
    page = paginate(list(range(10)), number=4, size=5)
    assert page.number == 2
    assert page.items == [5, 6, 7, 8, 9]


def test_indices_of_the_first_page():
    page = paginate("abcdef", size=4)
    assert (page.first_index, page.last_index) == (1, 4)


def test_links_with_a_wider_neighbourhood():
    assert page_links(6, 20, around=2) == [1, None, 4, 5, 6, 7, 8, None, 20]


def test_links_at_the_end():
    assert page_links(9, 9) == [1, None, 8, 9]


def test_links_without_a_hole():
    assert page_links(3, 5) == [1, 2, 3, 4, 5]


def test_iterate_stops_after_a_full_last_page():
    rows = list(range(6))
    asked = []

    def fetch(offset, limit):
        asked.append(offset)
        return rows[offset : offset + limit]

    assert list(iterate(fetch, size=3)) == rows
    assert asked == [0, 3, 6]


def test_describe_short_last_page():
    assert describe(paginate(list(range(7)), number=3, size=3)) == "7-7 of 7"
