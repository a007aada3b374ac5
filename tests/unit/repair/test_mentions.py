"""What a repository itself says of some names, in tests and documents."""

import pytest

from core.trees import Tree
from repair.mentions import passages_about, uses_in_tests
from repair.words import names_in_report

TREE = Tree().with_texts(
    {
        "shop.py": "def price(x):\n    return round(x, 2)\n",
        "tests/test_shop.py": "from shop import price\n\n\ndef test_price():\n"
        "    assert price(5.625) == 5.62\n\n\ndef test_other():\n    assert True\n",
        "README.md": "# Shop\n\nInstall it.\n\nPrices are rounded to cents, to the even neighbour"
        " at the half.\n",
        "LICENSE.txt": "Permission is granted.\n",
    }
)


def test_names_are_what_is_written_as_code() -> None:
    report = "The `price` of one is wrong; call order_total(3) or parseInt, see shop.tax()."
    assert names_in_report(report) == {"price", "order_total", "parseInt", "tax"}


def test_uses_in_tests_a_name_are_shown_whole_and_others_not() -> None:
    shown = uses_in_tests(TREE, {"price"}, max_chars=1000)
    assert shown == (
        "FILE: tests/test_shop.py\nfrom shop import price\n\n\n"
        "def test_price():\n    assert price(5.625) == 5.62"
    )
    assert uses_in_tests(TREE, {"price"}, max_chars=10) == (
        "[Tests that use these names too and are not shown: 1, in tests/test_shop.py]"
    )
    assert uses_in_tests(TREE, {"nothing"}, max_chars=1000) == ""


def test_passage_that_shares_words_with_the_report_is_shown() -> None:
    report = "Prices are wrong by a cent: 5.625 should be rounded up, to whole cents."
    shown = passages_about(TREE, report, {"price"}, max_chars=1000)
    assert shown.startswith("FILE: README.md\nPrices are rounded")
    assert passages_about(TREE, "Nothing of the kind.", set(), max_chars=1000) == ""


def test_uses_in_tests_come_with_the_constants_that_they_read_and_no_others() -> None:
    text = "import os\nimport pytest\nfrom shop import price\n\nCASES = [1, 2]\nOTHER = 3\n\n\n"
    text += "def test_price():\n    with pytest.raises(ValueError):\n        price(CASES)\n"
    shown = uses_in_tests(TREE.with_texts({"tests/test_shop.py": text}), {"price"}, max_chars=900)
    assert "import pytest\nfrom shop import price\nCASES = [1, 2]\n\n\ndef test_price" in shown
    assert "OTHER" not in shown
    assert "import os" not in shown


def test_words_that_stand_in_most_passages_tell_nothing() -> None:
    common = "\n\n".join(f"These libraries leave cases number{n} open." for n in range(30))
    tree = TREE.with_texts({"docs/long.rst": common})
    report = "These libraries leave cases open. Prices are rounded to cents, not to the even half."
    shown = passages_about(tree, report, set(), max_chars=1000)
    assert shown.startswith("FILE: README.md\nPrices are rounded")
    assert "long.rst" not in shown


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (
            "tests/test_days.py",
            "from days import days, overlap\n\n\ndef test_a():\n    assert days(1) == 1\n\n\n"
            "def test_b():\n    assert overlap(1, 2) == 0\n",
        ),
        (
            "test/days.test.ts",
            'import { days, overlap } from "../days";\n\ntest("a", () => {\n  expect(days(1));\n'
            '});\n\ntest("b", () => {\n  expect(overlap(1, 2));\n});\n',
        ),
    ],
)
def test_tests_of_other_functions_shown_come_last_or_are_told_of(path: str, form: str) -> None:
    tree = Tree().with_texts({path: form})
    told = uses_in_tests(tree, {"days"}, max_chars=900, beside={"overlap"})
    assert -1 < told.index("days(1)") < told.index("overlap(1, 2)")
    assert "not shown" not in told
    cut = uses_in_tests(tree, {"days"}, max_chars=60, beside={"overlap"})
    assert "days(1)" in cut
    assert "overlap(1, 2)" not in cut
    assert cut.endswith(f"are not shown: 1, in {path}]")
