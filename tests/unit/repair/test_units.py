"""Which code is shown: whole functions around suspects, whole files where they are short."""

from core.patches import Suspect
from core.trees import Tree
from repair.units import excerpts, functions_named, shown

SHORT = '''"""Short."""


def first():
    return 1
'''


def long_module() -> str:
    filler = "\n".join(f"def filler_{n}():\n    return {n}\n\n" for n in range(120))
    return f'''import os
from math import sqrt


class Cart:
    """A cart."""

    limit = 3

    @property
    def total(self):
        return sum(map(cost, self.items))

    def add(self, item):
        def inner():
            return item
        self.items.append(inner())


def cost(item):
    return item * 2


def report(cart):
    return f"{{cart.total()}}"


{filler}'''


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_short_file_is_shown_whole() -> None:
    found = excerpts(
        Tree().with_texts({"a.py": SHORT}),
        [Suspect(path="a.py", line=5, score=1)],
        max_chars=10_000,
    )
    assert found[0].whole
    assert found[0].text == SHORT
    assert found[0].functions == ("first",)


def test_long_file_is_shown_by_functions_with_imports_and_neighbours() -> None:
    text = long_module()
    tree = Tree().with_texts({"cart.py": text})
    suspect = Suspect(path="cart.py", line=line_of(text, "return sum"), score=1)
    (found,) = excerpts(tree, [suspect], max_chars=10_000)
    assert not found.whole
    assert found.functions == ("Cart.total", "cost", "report")
    assert "import os\nfrom math import sqrt" in found.text
    assert "class Cart:\n    @property\n    def total(self):" in found.text
    assert "def cost(item):" in found.text
    assert "filler" not in found.text


def test_inner_function_is_shown_with_the_one_around_it() -> None:
    text = long_module()
    tree = Tree().with_texts({"cart.py": text})
    suspect = Suspect(path="cart.py", line=line_of(text, "return item\n"), score=1)
    (found,) = excerpts(tree, [suspect], max_chars=10_000)
    assert found.functions[0] == "Cart.add"
    assert "self.items.append(inner())" in found.text


def test_tests_and_unknown_files_are_not_shown() -> None:
    tree = Tree().with_texts({"tests/test_a.py": SHORT})
    suspects = [Suspect(path="tests/test_a.py", line=5, score=1)]
    suspects.append(Suspect(path="gone.py", line=1, score=1))
    assert excerpts(tree, suspects, max_chars=10_000) == ()


def test_room_is_kept_and_the_first_file_comes_in_any_case() -> None:
    text = long_module()
    tree = Tree().with_texts({"cart.py": text, "other.py": SHORT})
    suspects = [
        Suspect(path="cart.py", line=line_of(text, "return sum"), score=1),
        Suspect(path="other.py", line=5, score=0.5),
    ]
    (found,) = excerpts(tree, suspects, max_chars=130)
    assert found.functions == ("Cart.total",)
    assert "def cost" not in found.text


def test_file_that_does_not_parse_is_shown_as_it_is() -> None:
    tree = Tree().with_texts({"a.py": "def broken(:\n"})
    (found,) = excerpts(tree, [Suspect(path="a.py", line=1, score=1)], max_chars=100)
    assert found.whole
    assert "FILE: a.py\ndef broken(:" in shown([found])


def test_function_is_found_by_qualified_and_by_short_name() -> None:
    tree = Tree().with_texts({"cart.py": long_module()})
    assert functions_named(tree, "cart.py", "Cart.add") == [("Cart.add", 14)]
    assert functions_named(tree, "cart.py", "add") == [("Cart.add", 14)]
    assert functions_named(tree, "cart.py", "nothing") == []
    assert functions_named(tree, "gone.py", "add") == []


def licensed() -> str:
    licence = "# Nobody is liable.\n" * 60
    constants = "LIMIT = 3\nOTHER = 4\n\n\n"
    return f'{licence}\n"""What it is about."""\n\n{constants}{long_module()}'


def test_licence_and_docstring_are_left_out_where_no_function_is_known() -> None:
    tree = Tree().with_texts({"cart.py": licensed()})
    (found,) = excerpts(tree, [Suspect(path="cart.py", line=1, score=1)], max_chars=10_000)
    assert found.text.startswith("LIMIT = 3")
    assert "class Cart" in found.text


def test_constants_are_shown_where_a_shown_function_reads_them_or_they_are_suspicious() -> None:
    text = licensed().replace("item * 2", "item * LIMIT")
    tree = Tree().with_texts({"cart.py": text})
    suspects = [Suspect(path="cart.py", line=line_of(text, "return item * LIMIT"), score=1)]
    (found,) = excerpts(tree, suspects, max_chars=10_000)
    assert found.text.startswith("LIMIT = 3\nimport os")
    assert "OTHER" not in found.text
    suspects.append(Suspect(path="cart.py", line=line_of(text, "OTHER = 4"), score=0.5))
    (found,) = excerpts(tree, suspects, max_chars=10_000)
    assert "LIMIT = 3\nOTHER = 4\nimport os" in found.text
