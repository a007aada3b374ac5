import pytest

from settings_file import MissingSetting, Settings, SettingsError

TEXT = """
# the application
root = /srv
debug = no

[Server]
host = example.org
port = 8_080
url = http://${host}:${port}/
debug = On

[paths]
; where things are
logs = ${root}/logs
home = ${server.url}index
plugins = auth, mail
    search
"""


@pytest.fixture
def settings():
    return Settings.parse(TEXT)


def test_sections_and_keys(settings):
    assert settings.get("server", "host") == "example.org"


def test_default_section_stands_in(settings):
    assert settings.get("paths", "root") == "/srv"
    assert settings.get_bool("paths", "debug") is False
    assert settings.get_bool("server", "debug") is True


def test_references(settings):
    assert settings.get("server", "url") == "http://example.org:8_080/"
    assert settings.get("paths", "logs") == "/srv/logs"


def test_references_into_other_sections(settings):
    assert settings.get("paths", "home") == "http://example.org:8_080/index"


def test_circular_references():
    settings = Settings.parse("a = ${b}\nb = ${a}")
    with pytest.raises(SettingsError, match="circles"):
        settings.get("default", "a")


def test_numbers(settings):
    assert settings.get_int("server", "port") == 8080
    with pytest.raises(SettingsError):
        settings.get_int("server", "host")


def test_list_over_several_lines(settings):
    assert settings.get_list("paths", "plugins") == ["auth", "mail", "search"]


def test_missing_setting(settings):
    with pytest.raises(MissingSetting):
        settings.get("server", "nothing")
    assert settings.get("server", "nothing", "x") == "x"
    assert settings.get_int("server", "nothing", 5) == 5


def test_none_is_a_fine_default(settings):
    assert settings.get("server", "nothing", None) is None
    assert settings.get_bool("server", "nothing", None) is None


def test_value_with_an_equals_sign():
    assert Settings.parse("query = a=1&b=2").get("default", "query") == "a=1&b=2"


def test_malformed_lines():
    with pytest.raises(SettingsError, match="line 2"):
        Settings.parse("a = 1\nwhat\n")
    with pytest.raises(SettingsError, match="closed"):
        Settings.parse("[a\n")


def test_dump_and_parse(settings):
    again = Settings.parse(settings.dump())
    assert again.sections == settings.sections
    assert settings.dump().startswith("[default]\nroot = /srv\n")
