"""Read and write settings in sections, with references between them."""

import re

TRUE = {"yes", "true", "on", "1"}
FALSE = {"no", "false", "off", "0"}
REFERENCE = re.compile(r"\$\{([\w.]+)\}")


class SettingsError(Exception):
    """The text or a value of it cannot be used."""


class MissingSetting(SettingsError, KeyError):
    pass


_MISSING = object()


class Settings:
    """Values by section and key; the section "default" stands in for what others leave out."""

    def __init__(self, sections=None):
        self.sections = {name: dict(values) for name, values in (sections or {}).items()}

    @classmethod
    def parse(cls, text):
        settings = cls()
        section = "default"
        key = None
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if not stripped or stripped[0] in "#;":
                continue
            if line[0].isspace() and key is not None:
                settings.sections[section][key] += "\n" + stripped
                continue
            if stripped.startswith("["):
                if not stripped.endswith("]"):
                    raise SettingsError(f"line {number}: section is not closed")
                section = stripped[1:-1].strip().lower()
                settings.sections.setdefault(section, {})
                key = None
                continue
            name, separator, value = stripped.partition("=")
            if not separator:
                raise SettingsError(f"line {number}: no equals sign")
            key = name.strip().lower()
            settings.sections.setdefault(section, {})[key] = value.strip()
        return settings

    def raw(self, section, key):
        for place in (section, "default"):
            if key in self.sections.get(place, {}):
                return self.sections[place][key]
        raise MissingSetting(f"{section}.{key}")

    def get(self, section, key, default=_MISSING):
        """The text of a setting with `${key}` and `${section.key}` filled in."""
        try:
            value = self.raw(section, key)
        except MissingSetting:
            if default is _MISSING:
                raise
            return default
        return self.expand(value, section)

    def expand(self, value, section, depth=0):
        if depth > 8:
            raise SettingsError("references go in circles")

        def fill(match):
            where, _, name = match.group(1).rpartition(".")
            place = where or section
            return self.expand(self.raw(place, name), place, depth + 1)

        return REFERENCE.sub(fill, value)

    def get_int(self, section, key, default=_MISSING):
        value = self.get(section, key, default)
        if value is default:
            return value
        try:
            return int(value.replace("_", ""))
        except ValueError as error:
            raise SettingsError(f"{section}.{key}: {value} is no number") from error

    def get_bool(self, section, key, default=_MISSING):
        value = self.get(section, key, default)
        if value is default:
            return value
        if value.lower() in TRUE:
            return True
        if value.lower() in FALSE:
            return False
        raise SettingsError(f"{section}.{key}: {value} is neither yes nor no")

    def get_list(self, section, key, default=_MISSING):
        """The parts between commas or lines, without empty ones."""
        value = self.get(section, key, default)
        if value is default:
            return value
        return [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]

    def dump(self):
        lines = []
        for name in sorted(self.sections, key=lambda name: (name != "default", name)):
            lines.append(f"[{name}]")
            for key, value in self.sections[name].items():
                lines.append(f"{key} = {value}".replace("\n", "\n    "))
            lines.append("")
        return "\n".join(lines)
