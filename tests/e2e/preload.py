"""What the programs of these tests are made of, to be loaded once and forked from."""

import gc

gc.disable()

import agents.offline.thinking  # noqa: E402, F401
import api.app  # noqa: E402, F401
import bootstrap  # noqa: E402, F401
import cli.fixing  # noqa: E402
import cli.showing  # noqa: E402, F401
import integrations.github.code_host  # noqa: E402, F401
import main  # noqa: E402, F401
import repair.bench  # noqa: E402, F401
import tests.e2e.crash_server  # noqa: E402, F401

gc.freeze()
gc.enable()
