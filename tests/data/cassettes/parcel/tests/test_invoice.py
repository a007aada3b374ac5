from parcel.invoice import discount_for, lines, total

ONE = {"grams": 800, "country": "DE"}


def test_no_discount_for_few():
    assert total([ONE] * 2) == 9.00


def test_discount_from_ten_on():
    assert discount_for(9) == 0.0
    assert discount_for(10) == 0.05
    assert total([ONE] * 10) == 42.75


def test_lines():
    assert lines([ONE]) == ["DE 800 g 4.50"]
