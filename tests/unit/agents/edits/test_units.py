"""What a model is shown, and what a refusal tells it."""

from agents.edits.apply import apply_reply
from agents.edits.units import text_of, unit_at
from agents.edits.values import Unit, Why
from core.trees import SYMLINK, File, Tree
from evals.replies import trees

SHOP = trees()["shop"]


def test_a_line_belongs_to_its_function_with_decorators() -> None:
    code = SHOP.text("shop/stock.py").split("\n")
    decorator = next(number for number, line in enumerate(code, 1) if line.startswith("@"))
    assert unit_at(SHOP, "shop/stock.py", decorator) == Unit("shop/stock.py", "weight")
    assert unit_at(SHOP, "shop/stock.py", 1) == Unit("shop/stock.py")
    assert unit_at(SHOP, "config/deploy.yaml", 3) == Unit("config/deploy.yaml")


def test_a_function_is_shown_with_what_belongs_to_it() -> None:
    assert text_of(SHOP, Unit("shop/cart.py", "Cart.summary")).startswith(
        "    # Shown on every page.\n    def summary(self):\n"
    )
    assert text_of(SHOP, Unit("shop/cart.py", "Cart.total")).startswith("    @property\n")
    assert text_of(SHOP, Unit("README.md")) == SHOP.text("README.md")
    assert text_of(SHOP, Unit("shop/cart.py", "Cart.absent")) == ""


def test_a_refusal_names_the_nearest_real_lines() -> None:
    search, replace = "    if percent > 10:\n", "    if percent > 9:\n"
    edit = f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"
    reply = f"FILE: shop/cart.py\n{edit}"
    (refusal,) = apply_reply(reply, SHOP).refusals
    assert refusal.why is Why.NOT_FOUND
    assert "Did you mean" in refusal.message
    assert "    if percent > 100:" in refusal.message


def test_a_refusal_names_the_nearest_real_paths_and_functions() -> None:
    reply = "FILE: shops/report.py\n```python\ndef header(title):\n    return title\n```\n"
    assert "`shop/report.py`" in apply_reply(reply, SHOP).advice
    reply = "FILE: shop/report.py\n```python\ndef headers(title):\n    return title\n```\n"
    assert "Did you mean `header`" in apply_reply(reply, SHOP).advice


def test_what_is_applied_need_not_be_sent_again() -> None:
    good = "FILE: shop/report.py\n```python\ndef header(title):\n    return title.title()\n```\n"
    bad = "FILE: web/cart.js\n<<<<<<< SEARCH\nabsent\n=======\npresent\n>>>>>>> REPLACE\n"
    applied = apply_reply(good + bad, SHOP)
    assert applied.changed == ("shop/report.py",)
    assert "shop/report.py, are applied: do not resend them" in applied.advice


def test_new_files_can_be_forbidden() -> None:
    reply = "FILE: shop/new.py\n```python\nx = 1\n```\n"
    assert apply_reply(reply, SHOP).changed == ("shop/new.py",)
    assert apply_reply(reply, SHOP, new_files=False).tree is None


def test_modes_links_and_bytes_stay() -> None:
    tree = Tree(
        {
            "run.py": File(b"def f():\n    return 1\n", "100755"),
            "link.py": File(b"run.py", SYMLINK),
            "latin.py": File("# caf\u00e9\ndef f():\n    return 1\n".encode("latin-1")),
        }
    )
    reply = "FILE: {}\n```python\ndef f():\n    return 2\n```\n"
    applied = apply_reply(reply.format("run.py"), tree)
    assert applied.tree is not None
    assert applied.tree["run.py"] == File(b"def f():\n    return 2\n", "100755")
    assert apply_reply(reply.format("link.py"), tree).tree is None
    (refusal,) = apply_reply(reply.format("latin.py"), tree).refusals
    assert "UTF-8" in refusal.message
