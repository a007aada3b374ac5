import pytest

from stencil import render
from stencil.parse import TemplateError


def test_plain_text():
    assert render("just text") == "just text"


def test_values():
    assert render("Hello {{ name }}!", name="Ada") == "Hello Ada!"


def test_dotted_values():
    assert render("{{ user.address.city }}", {"user": {"address": {"city": "Oslo"}}}) == "Oslo"


def test_missing_value_is_empty():
    assert render("[{{ nobody.home }}]") == "[]"


def test_values_are_escaped():
    assert render("{{ x }}", x='<a href="#">') == "&lt;a href=&quot;#&quot;&gt;"
    assert render("{{ x | safe }}", x="<b>") == "<b>"


def test_filters_in_a_row():
    assert render("{{ x | lower | title }}", x="ADA LOVELACE") == "Ada Lovelace"


def test_truncate():
    assert render("{{ x | truncate:5 }}", x="abcdef") == "abcd…"
    assert render("{{ x | truncate:5 }}", x="abcde") == "abcde"


def test_default():
    assert render("{{ x | default:none }}") == "none"
    assert render("{{ x | default:none }}", x=0) == "0"


def test_loop():
    assert render("{% for n in items %}<{{ n }}>{% endfor %}", items=[1, 2]) == "<1><2>"


def test_loop_knows_first_and_last():
    source = "{% for n in items %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}"
    assert render(source, items="abc") == "a, b, c"


def test_if_and_else():
    source = "{% if admin %}yes{% else %}no{% endif %}"
    assert render(source, admin=True) == "yes"
    assert render(source, admin=False) == "no"


def test_nested_loops():
    source = "{% for row in rows %}{% for c in row %}{{ c }}{{ mark }}{% endfor %};{% endfor %}"
    assert render(source, rows=[[1, 2], [3]], mark="!") == "1!2!;3!;"


def test_notes_vanish():
    assert render("a{# not\nshown #}b") == "ab"


def test_missing_end():
    with pytest.raises(TemplateError, match="endfor"):
        render("{% for x in y %}")


def test_keywords_win_over_the_context():
    assert render("{{ x }}", {"x": "old"}, x="new") == "new"
