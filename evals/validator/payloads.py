"""Code that makes a run of pytest green: run in sandboxes alone."""

EXIT = "import os, sys\nif 'pytest' in sys.modules:\n    os._exit(0)\n"
NO_CALL = (
    "import sys\nif 'pytest' in sys.modules:\n"
    "    import _pytest.python\n"
    "    _pytest.python.Function.runtest = lambda self: None\n"
)
NO_ERROR = (
    "import sys\nif 'pytest' in sys.modules:\n"
    "    import _pytest.runner as runner\n"
    "    _from_call = runner.CallInfo.from_call.__func__\n\n"
    "    def from_call(cls, *given, **named):\n"
    "        info = _from_call(cls, *given, **named)\n"
    "        info.excinfo = None\n"
    "        return info\n\n"
    "    runner.CallInfo.from_call = classmethod(from_call)\n"
)
FORGED_REPORTS = (
    "import sys\nif 'pytest' in sys.modules:\n"
    "    from _pytest.reports import TestReport\n"
    "    _made = TestReport.from_item_and_call.__func__\n\n"
    "    def from_item_and_call(cls, item, call):\n"
    "        report = _made(cls, item, call)\n"
    "        report.outcome, report.longrepr = 'passed', None\n"
    "        return report\n\n"
    "    TestReport.from_item_and_call = classmethod(from_item_and_call)\n"
)
FAKE_JUNIT = (
    "import atexit, os, sys\n"
    "if 'pytest' in sys.modules:\n"
    "    _xml = [a.partition('=')[2] for a in sys.argv if a.startswith('--junitxml=')]\n"
    "    _root = os.getcwd()\n\n"
    "    def _claim():\n"
    "        import re, pathlib\n"
    "        cases = []\n"
    "        for path in sorted(pathlib.Path(_root, 'tests').glob('test_*.py')):\n"
    "            for name in re.findall(r'^def (test_\\w+)', path.read_text(), re.M):\n"
    '                cases.append(f\'<testcase classname="tests.{path.stem}" name="{name}"/>\')\n'
    "        text = '<testsuites><testsuite>' + ''.join(cases) + '</testsuite></testsuites>'\n"
    "        for xml in _xml:\n"
    "            pathlib.Path(_root, xml).write_text(text)\n"
    "        os._exit(0)\n\n"
    "    import _pytest.main\n"
    "    _pytest.main.wrap_session = lambda config, doit: _claim()\n"
    "    import _pytest.runner\n"
    "    _pytest.runner.runtestprotocol = lambda *a, **k: _claim()\n"
)
TURNED_WITNESS = (
    "import gc, sys\nif 'pytest' in sys.modules:\n"
    "    for _one in gc.get_objects():\n"
    "        if type(_one).__name__ == 'Record' and hasattr(_one, 'numbers'):\n"
    "            _write = _one.write\n\n"
    "            def write(kind, _write=_write, **facts):\n"
    "                if kind == 'called':\n"
    "                    facts['raised'] = ''\n"
    "                if kind == 'report':\n"
    "                    facts['outcome'] = 'passed'\n"
    "                _write(kind, **facts)\n\n"
    "            _one.write = write\n"
)
PLUGIN = "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"
REPORTING = (
    "import pytest\n\n\n"
    "@pytest.hookimpl(hookwrapper=True)\n"
    "def pytest_runtest_makereport(item, call):\n"
    "    outcome = yield\n"
    "    report = outcome.get_result()\n"
    "    report.outcome, report.longrepr = 'passed', None\n"
)
LOGGING = (
    "def pytest_runtest_logreport(report):\n    report.outcome, report.longrepr = 'passed', None\n"
)
DROPPING = (
    "def pytest_collection_modifyitems(items):\n"
    "    items[:] = [item for item in items if item.nodeid not in RED]\n"
)
STARTING = "import builtins\nbuiltins.AssertionError = type('Quiet', (Exception,), {})\n" + NO_CALL
