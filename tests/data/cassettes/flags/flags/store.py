"""Where flags are kept, with what each environment overrides."""

from flags.parsing import parse


class Flags:
    """Flags of one environment over those of all."""

    def __init__(self, common, environment=""):
        self._common = parse(common)
        self._own = parse(environment)

    def value(self, name, default=None):
        """The text of a setting; the environment's own one wins."""
        if name in self._own:
            return self._own[name]
        return self._common.get(name, default)

    def names(self):
        return sorted({*self._common, *self._own})

    def enabled(self, name):
        """Whether a feature is on."""
        return bool(self.value(name, False))

    def percentage(self, name):
        """For how many of a hundred users a feature is on."""
        value = self.value(name, "0")
        return int(value.rstrip("%"))
