import pytest

from settings_file import MissingSetting, Settings, SettingsError


def test_names_do_not_depend_on_case():
    settings = Settings.parse("[ Mail ]\nHost=a\n")
    assert settings.get("mail", "host") == "a"


def test_same_section_twice_is_joined():
    settings = Settings.parse("[a]\nx = 1\n[b]\ny = 2\n[a]\nz = 3\n")
    assert settings.sections["a"] == {"x": "1", "z": "3"}


def test_section_wins_over_default():
    settings = Settings.parse("level = low\n[a]\nlevel = high\n[b]\n")
    assert settings.get("a", "level") == "high"
    assert settings.get("b", "level") == "low"
    assert settings.get("never seen", "level") == "low"


def test_values_keep_later_equals_signs():
    settings = Settings.parse("[x]\nformula = a = b = c\n")
    assert settings.get("x", "formula") == "a = b = c"


def test_reference_is_filled_where_it_stands():
    settings = Settings.parse("[a]\nname = A\nhi = hi ${name}\n[b]\nname = B\nhi = ${a.hi}!\n")
    assert settings.get("b", "hi") == "hi A!"


def test_references_over_several_steps():
    text = "\n".join(f"k{n} = ${{k{n + 1}}}" for n in range(6)) + "\nk6 = end"
    assert Settings.parse(text).get("default", "k0") == "end"


def test_reference_to_nothing():
    with pytest.raises(MissingSetting):
        Settings.parse("a = ${b}").get("default", "a")


def test_reference_to_itself():
    with pytest.raises(SettingsError):
        Settings.parse("[s]\na = x${a}").get("s", "a")


@pytest.mark.parametrize("word", ["yes", "TRUE", "On", "1"])
def test_words_for_yes(word):
    assert Settings.parse(f"flag = {word}").get_bool("default", "flag") is True


@pytest.mark.parametrize("word", ["no", "False", "OFF", "0"])
def test_words_for_no(word):
    assert Settings.parse(f"flag = {word}").get_bool("default", "flag") is False


def test_neither_yes_nor_no():
    with pytest.raises(SettingsError):
        Settings.parse("flag = maybe").get_bool("default", "flag")


def test_number_that_is_none():
    with pytest.raises(SettingsError, match="is no number"):
        Settings.parse("n = 12a").get_int("default", "n")
    assert Settings.parse("n = -1_000").get_int("default", "n") == -1000


def test_defaults_of_every_reader():
    settings = Settings()
    assert settings.get_list("a", "b", None) is None
    assert settings.get_int("a", "b", None) is None
    assert settings.get_bool("a", "b", False) is False
    with pytest.raises(KeyError):
        settings.get_list("a", "b")


def test_lists_without_empty_parts():
    assert Settings.parse("l = ,a,, b ,").get_list("default", "l") == ["a", "b"]
    assert Settings.parse("l = a\n  b, c\n\td").get_list("default", "l") == ["a", "b", "c", "d"]


def test_indented_line_after_a_section_is_no_continuation():
    settings = Settings.parse("a = 1\n[s]\n  b = 2\n")
    assert settings.sections == {"default": {"a": "1"}, "s": {"b": "2"}}


def test_broken_sections_and_lines_are_numbered():
    with pytest.raises(SettingsError, match="line 3"):
        Settings.parse("; c\n\n[open\n")
    with pytest.raises(SettingsError, match="line 4"):
        Settings.parse("\n\n\nnothing\n")


def test_dump_puts_default_first_and_indents():
    settings = Settings({"zoo": {"a": "1\n2"}, "bar": {}, "default": {"k": "v"}})
    assert settings.dump() == "[default]\nk = v\n\n[bar]\n\n[zoo]\na = 1\n    2\n"
    assert Settings.parse(settings.dump()).sections["zoo"] == {"a": "1\n2"}
