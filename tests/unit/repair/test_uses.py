"""Who uses a function is found by name, where its module is known."""

import pytest

from core.trees import Tree
from repair.uses import in_words, uses_of

TREE = Tree().with_texts(
    {
        "shop/price.py": "def price(x):\n    return price(x - 1)\n\n\ndef total(xs):\n"
        "    return sum(map(price, xs))\n",
        "shop/flags.py": "class Flags:\n    def enabled(self, who):\n        return True\n",
        "shop/order.py": "from shop.price import price\n\n\ndef cost(one, flags):\n"
        "    if flags.enabled(one):\n        return price(one)\n\n\nFIRST = price(1)\n",
        "shop/other.py": "def cost(price):\n    return price\n",
        "tests/test_price.py": "from shop.price import price\n\n\ndef test():\n    price(1)\n",
        "broken.py": "def price(:\n",
    }
)


def places(*named: tuple[str, str]) -> list[tuple[str, str, int]]:
    return [(one.path, one.function, one.line) for one in uses_of(TREE, named)]


def test_users_are_those_of_its_file_and_of_files_that_import_it() -> None:
    assert places(("shop/price.py", "price")) == [
        ("shop/price.py", "total", 6),
        ("shop/order.py", "cost", 6),
        ("shop/order.py", "", 9),
    ]


def test_users_of_a_method_are_those_that_read_its_name() -> None:
    named = ("shop/flags.py", "Flags.enabled")
    assert places(named) == [("shop/order.py", "cost", 5)]
    told = in_words(uses_of(TREE, [named]))
    assert told.startswith("shop/order.py, line 5, in cost:\ndef cost(one, flags):\n    if flags.")


def test_no_users_are_none_and_many_are_cut() -> None:
    assert places(("shop/order.py", "cost")) == []
    assert len(uses_of(TREE, [("shop/price.py", "price")], most=2)) == 2


@pytest.mark.parametrize(
    ("path", "head", "line", "end"),
    [
        ("bill.py", "from shop.price import price\n\n\ndef bill(x):\n", "    n = price(x)\n", ""),
        ("bill.ts", 'import { price } from "./x";\nfunction bill(x) {\n', "  price(x);\n", "}\n"),
    ],
)
def test_a_short_user_is_shown_whole_and_a_long_one_in_part(
    path: str, head: str, line: str, end: str
) -> None:
    home = path.replace("bill", "shop/price")
    for many, whole in ((6, True), (60, False)):
        text = head + line * many + end
        (use,) = uses_of(Tree().with_texts({path: text}), [(home, "price")])
        assert use.text.count("price(x)") == (many if whole else 2)
        assert "bill(x)" in use.text
