from types import SimpleNamespace

import pytest

from stencil import render
from stencil.parse import TemplateError


def test_several_values_in_a_line():
    assert render("{{a}}-{{ b }}-{{a}}", a=1, b=2) == "1-2-1"


def test_attributes_and_keys_mix():
    order = SimpleNamespace(lines=[{"sku": "x1"}, {"sku": "y2"}])
    assert render("{% for l in o.lines %}{{ l.sku }} {% endfor %}", o=order) == "x1 y2 "


def test_nothing_in_the_middle_of_a_path():
    assert render("{{ a.b.c }}", a={"b": None}) == ""


def test_escaping_happens_once_and_last():
    assert render("{{ x | upper }}", x="a&b") == "A&amp;B"
    assert render("{{ x | upper | safe }}", x="a&b") == "A&B"
    assert render("{{ q }}", q="it's") == "it&#x27;s"


def test_join_and_length():
    assert render("{{ x | join }} ({{ x | length }})", x=["a", "b", "c"]) == "a, b, c (3)"
    assert render("{{ x | join:; }}", x=[1, 2]) == "1; 2"


@pytest.mark.parametrize(("length", "shown"), [(8, "Rotterd…"), (9, "Rotterdam"), (99, "Rotterdam")])
def test_truncate_at_its_limit(length, shown):
    assert render(f"{{{{ city | truncate:{length} }}}}", city="Rotterdam") == shown


def test_default_for_empty_text():
    assert render("{{ x | default:- }}", x="") == "-"
    assert render("{{ x | default:- }}", x=False) == "False"


def test_loop_over_nothing():
    assert render("[{% for x in items %}{{ x }}{% endfor %}]", items=[]) == "[]"
    assert render("[{% for x in items %}{{ x }}{% endfor %}]") == "[]"


def test_loop_counter():
    source = "{% for x in items %}{{ loop.index }}{{ x }}{% if loop.first %}!{% endif %} {% endfor %}"
    assert render(source, items="ab") == "1a! 2b "


def test_last_of_equal_items():
    source = "{% for x in items %}{{ x }}{% if loop.last %}.{% else %},{% endif %}{% endfor %}"
    assert render(source, items=[7, 7, 7]) == "7,7,7."


def test_loop_variable_hides_and_comes_back():
    assert render("{% for x in items %}{{ x }}{% endfor %}{{ x }}", items=[1, 2], x=9) == "129"
    assert render("{% for x in items %}{{ y }}{{ x }}{% endfor %}", items="ab", y="-") == "-a-b"


def test_negated_if():
    assert render("{% if not a %}none{% else %}some{% endif %}", a=[]) == "none"
    assert render("{% if not a %}none{% else %}some{% endif %}", a=[0]) == "some"


def test_if_without_else():
    assert render("a{% if x %}b{% endif %}c", x=0) == "ac"
    assert render("a{% if x %}b{% endif %}c", x=1) == "abc"


def test_nested_ifs():
    source = "{% if a %}{% if b %}both{% else %}one{% endif %}{% else %}none{% endif %}"
    assert [render(source, a=a, b=b) for a, b in [(1, 1), (1, 0), (0, 1)]] == ["both", "one", "none"]


@pytest.mark.parametrize(
    "source", ["{% if x %}a", "{% endif %}", "{% loop %}", "{{ x | shout }}", "{{ }}", "a{% else %}"]
)
def test_mistakes_are_named(source):
    with pytest.raises(TemplateError):
        render(source, x=1)


def test_keyword_beats_context():
    assert render("{{ a }}{{ b }}", {"a": 1, "b": 2}, b=3) == "13"
