from pagination import describe, iterate, page_links, paginate


def test_first_page_by_default():
    page = paginate(list(range(45)))
    assert page.items == list(range(20))
    assert page.number == 1


def test_last_page_is_short():
    page = paginate(list(range(45)), number=3)
    assert page.items == [40, 41, 42, 43, 44]
    assert not page.has_next
    assert page.has_previous


def test_number_of_pages():
    assert paginate("abcdefghij", size=5).pages == 2
    assert paginate("abcdefghijk", size=5).pages == 3


def test_number_out_of_range_gives_the_nearest_page():
    assert paginate("abc", number=9, size=2).items == ["c"]
    assert paginate("abc", number=-1, size=2).items == ["a", "b"]


def test_size_is_limited():
    assert len(paginate(list(range(500)), size=1000).items) == 100


def test_next_and_previous_in_the_middle():
    page = paginate(list(range(9)), number=2, size=3)
    assert page.has_next
    assert page.has_previous


def test_indices():
    page = paginate(list(range(45)), number=3)
    assert (page.first_index, page.last_index) == (41, 45)


def test_links_leave_out_far_pages():
    assert page_links(5, 10) == [1, None, 4, 5, 6, None, 10]


def test_links_at_the_start():
    assert page_links(1, 3) == [1, 2, 3]


def test_iterate_fetches_all():
    rows = list(range(7))
    assert list(iterate(lambda offset, limit: rows[offset : offset + limit], size=3)) == rows


def test_describe():
    assert describe(paginate(list(range(45)), number=2)) == "21-40 of 45"
    assert describe(paginate([1, 2])) == "All 2 results"
    assert describe(paginate([])) == "No results"
