"""What a Node.js repository declares is read as data: no program is called and nobody is asked."""

import json
from pathlib import Path

import pytest

from sandbox.detection import detect
from sandbox.node_detection import project_for, script_runner
from sandbox.node_install import lay_out
from sandbox.node_project import project_of
from tests.unit.sandbox.rooms import tree_of

MANIFEST = json.dumps({"name": "shop", "dependencies": {"a": "^1.0.0"}})

LOCK = {
    "packages": {
        "": {"dependencies": {"a": "1", "b": "github:x/b"}},
        "node_modules/a": {"resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"},
        "node_modules/b": {"resolved": "git+ssh://git@github.com/x/b.git#abc"},
        "node_modules/@s/c": {"version": "1.0.0", "integrity": "sha512-x"},
        "packages/d": {"version": "1.0.0"},
        "node_modules/d": {"resolved": "packages/d", "link": True},
        "node_modules/e": {"resolved": "https://evil.example/e.tgz"},
    }
}
YARN = (
    '"a@^1.0.0":\n  version "1.0.0"\n  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#1"\n\n'
    'b@x:\n  version "1.0.0"\n  resolved "https://codeload.github.com/x/b/tar.gz/1"\n'
)
PNPM = (
    "lockfileVersion: '9.0'\n\npackages:\n\n"
    "  a@1.0.0:\n    resolution: {integrity: sha512-x}\n\n"
    "  b@https://x:\n    resolution: {tarball: https://codeload.github.com/x/b}\n\n"
    "  '@s/c@1.0.0':\n    resolution: {integrity: sha512-x,"
    " tarball: https://registry.npmjs.org/@s/c/-/c-1.0.0.tgz}\n\n"
    "  '@s/d@git+https://x':\n    resolution: {commit: abc, repo: https://x/d.git, type: git}\n"
)
OLDER_PNPM = (
    "lockfileVersion: '6.0'\n\npackages:\n\n"
    "  /a@1.0.0:\n    resolution: {integrity: sha512-x}\n    dev: true\n\n"
    "  /@s/c@1.0.0:\n    resolution: {tarball: https://evil.example/c.tgz}\n\n"
    "  github.com/x/b/abc:\n    resolution: {tarball: https://codeload.github.com/x/b}\n"
)


@pytest.mark.parametrize(
    ("lock", "text", "foreign"),
    [
        ("package-lock.json", json.dumps(LOCK), {"b", "e"}),
        ("yarn.lock", YARN, {"b"}),
        (
            "yarn.lock",
            '"@s/c@^1", "@s/c@^2":\n  version "1.0.0"\n  resolved "git+ssh://x/c"\n',
            {"@s/c"},
        ),
        ("pnpm-lock.yaml", PNPM, {"b", "@s/d"}),
        ("pnpm-lock.yaml", OLDER_PNPM, {"@s/c", "github.com/x/b/abc"}),
        ("package-lock.json", "no json", set[str]()),
    ],
)
def test_what_a_lock_file_would_fetch_from_elsewhere_is_told(
    lock: str, text: str, foreign: set[str]
) -> None:
    project = project_of(tree_of({"package.json": MANIFEST, lock: text}))
    assert project is not None and set(project.foreign) == foreign


def test_a_lock_file_sends_nobody_to_another_host() -> None:
    texts = {
        "package.json": MANIFEST,
        "yarn.lock": YARN.replace("yarnpkg.com", "evil.example"),
    }
    project = project_of(tree_of(texts))
    assert project is not None
    assert project.other_hosts == ("codeload.github.com", "registry.evil.example")


EVIL = "http://169.254.169.254/latest"


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        ("yarn.lock", f'a@1:\n  version "1"\n  resolved  "{EVIL}"\n'),
        ("yarn.lock", f'a@1:\r\n  version "1"\r\n  resolved "{EVIL}"\r\n'),
        ("yarn.lock", 'a@1:\n  "re\\u0073olved" "HTTP:\\u002f/169.254.169.254/"\n'),
        ("yarn.lock", 'a@1:\n  resolved "https://registry.npmjs.org@evil.example/a/-/a-1.tgz"\n'),
        ("pnpm-lock.yaml", f"packages:\n  a@1:\n    resolution:\n      tarball: {EVIL}\n"),
        ("pnpm-lock.yaml", f'packages: {{a@1: {{resolution: {{"tarb\\x61ll": "{EVIL}"}}}}}}\n'),
        ("pnpm-lock.yaml", "packages: {a@1: {resolution: {type: directory, directory: /etc}}}\n"),
        ("pnpm-lock.yaml", "packages: [\n"),
    ],
)
def test_no_form_of_a_lock_file_hides_an_address(lock: str, text: str) -> None:
    project = project_of(tree_of({"package.json": MANIFEST, lock: text}))
    assert project is not None and project.other_hosts


def test_a_lock_file_of_the_registry_alone_is_followed() -> None:
    for lock, text in (
        ("yarn.lock", YARN.partition("b@x")[0]),
        ("pnpm-lock.yaml", PNPM.partition("  b@")[0]),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
    ):
        project = project_of(tree_of({"package.json": MANIFEST, lock: text}))
        assert project is not None and project.other_hosts == ()


def test_pnpm_is_not_sent_to_another_registry_by_the_addresses_of_its_lock_file() -> None:
    texts = {"package.json": MANIFEST, "pnpm-lock.yaml": PNPM}
    project = project_of(tree_of(texts))
    assert project is not None and project.manager == "pnpm"
    assert project.other_hosts == ("an address of another kind", "codeload.github.com")
    evil = PNPM.replace("registry.npmjs.org", "registry.evil.example")
    project = project_of(tree_of({**texts, "pnpm-lock.yaml": evil}))
    assert project is not None
    assert "registry.evil.example" in project.other_hosts


@pytest.mark.parametrize("lock", ["pnpm-lock.yaml", "yarn.lock"])
def test_members_of_a_workspace_are_found_where_its_program_names_them(lock: str) -> None:
    root = {} if lock == "pnpm-lock.yaml" else {"workspaces": {"packages": ["packages/*"]}}
    texts = {
        "package.json": json.dumps({"name": "all", **root}),
        "pnpm-workspace.yaml": "packages:\n  - 'packages/*'\n  - \"!packages/old\"\n",
        lock: "",
        "packages/a/package.json": "{}",
        "other/package.json": "{}",
    }
    project = project_of(tree_of(texts))
    assert project is not None and project.members == ("packages/a/package.json",)


def test_members_of_a_workspace_are_found_by_its_patterns() -> None:
    root = {"workspaces": ["packages/*", "tools/**"], "dependencies": {"x": "file:./own/x"}}
    paths = ("packages/a", "packages/a/node_modules/q", "tools/b/c", "other", "own/x")
    texts = {f"{path}/package.json": "{}" for path in paths}
    project = project_of(tree_of({"package.json": json.dumps(root), **texts}))
    assert project is not None
    wanted = ("own/x", "packages/a", "tools/b/c")
    assert project.members == tuple(f"{path}/package.json" for path in wanted)


def test_a_manifest_takes_nothing_from_this_machine(tmp_path: Path) -> None:
    out = "file:../../secret.tgz"
    needs = {"a": out, "b": "/etc/x.tgz", "c": "file:own/c", "d": " FILE:%2e%2e/x", "e": "~/x.tgz"}
    needs["g"] = "~1.2.3"
    inner = {"dependencies": {"f": out, "c": "file:../../own/c"}}
    package = {
        **{"workspaces": ["packages/*", "../../*", "/srv/*"], "dependencies": needs},
        **{"overrides": {"x": {"y": out}}, "peerDependencies": {"z": out}, "resolutions": {}},
    }
    texts = {"package.json": json.dumps(package), "packages/m/package.json": json.dumps(inner)}
    project = project_of(tree_of({**texts, "own/c/package.json": "{}"}))
    assert project is not None and set(project.foreign) == {"a", "b", "d", "e", "f"}
    lay_out(project, tmp_path, project.foreign)
    written = json.loads((tmp_path / "package.json").read_text())
    assert set(written["workspaces"]) == {"packages/m", "own/c"}
    assert written["dependencies"] == {"c": "file:own/c", "g": "~1.2.3"}
    assert "overrides" not in written and "peerDependencies" not in written


TESTED = '{"scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "*"}}'


@pytest.mark.parametrize(
    ("texts", "folder"),
    [
        ({"package.json": TESTED, "web/package.json": TESTED}, ""),
        ({"web/package.json": TESTED, "backend/app.py": ""}, "web"),
        ({"apps/web/package.json": TESTED, "package.json.txt": ""}, "apps/web"),
        ({"web/package.json": TESTED, "tools/package.json": TESTED}, "web"),
        ({"web/package.json": TESTED, "lib/package.json": '{"name": "lib"}'}, "web"),
        ({"web/package.json": '{"devDependencies": {"jest": "*"}}'}, "web"),
        ({"web/package.json": TESTED, "lib/package.json": TESTED}, None),
        ({"web/package.json": "{"}, None),
        ({"a/b/c/package.json": TESTED}, None),
        ({"node_modules/a/package.json": TESTED}, None),
    ],
)
def test_the_one_package_below_the_root_that_has_tests_is_found(
    texts: dict[str, str], folder: str | None
) -> None:
    found = project_of(tree_of(texts))
    assert (found.folder if found else None) == folder


def test_a_manifest_that_cannot_be_read_is_said_to_be_so() -> None:
    for text in ("{", "[]", "[" * 100_000):
        runner = detect(tree_of({"package.json": text}))
        assert not runner.usable and "package.json cannot be read" in runner.hindrance


def test_a_broken_manifest_of_a_workspace_is_left_out(tmp_path: Path) -> None:
    whole = json.dumps({"workspaces": ["packages/*"]})
    texts = {
        "package.json": whole,
        "packages/a/package.json": "{",
        "packages/b/package.json": "[1]",
    }
    good = {"packages/c/package.json": '{"name": "c", "dependencies": {"d": "1"}}'}
    project = project_of(tree_of({**texts, **good}))
    assert project and project.members == ("packages/c/package.json",)
    assert project.all_needs == {"d"}
    lay_out(project, tmp_path, {})


def test_tests_of_one_package_of_a_workspace_are_run_by_its_own_runner() -> None:
    whole = {"workspaces": ["packages/*"], "scripts": {"test": "npm test --workspaces"}}
    tree = tree_of(
        {
            "package.json": json.dumps(whole),
            "packages/a/package.json": TESTED,
            "packages/ab/package.json": '{"scripts": {"test": "mocha"}}',
        }
    )
    for tests, name, folder in (
        (["packages/a/x.test.ts::adds", "packages/a/y.test.ts"], "vitest", "packages/a"),
        (["packages/a/x.test.ts", "packages/ab/x.test.ts"], "npm test", ""),
        (["packages/ab/x.test.ts"], "npm test", ""),
        ([], "npm test", ""),
    ):
        project = project_for(tree, tests)
        assert project and project.folder == folder
        assert script_runner(tree, tests) == name


def test_a_workspace_of_pnpm_is_laid_out_in_words_that_npm_knows(tmp_path: Path) -> None:
    needs = {"b": "workspace:^", "gone": "workspace:*", "d": "^1"}
    texts = {
        "package.json": '{"name": "all"}',
        "pnpm-workspace.yaml": "packages:\n  - 'packages/*'\n",
        "pnpm-lock.yaml": "",
        "packages/a/package.json": json.dumps({"name": "a", "dependencies": needs}),
        "packages/b/package.json": '{"name": "b"}',
    }
    project = project_of(tree_of(texts))
    assert project
    lay_out(project, tmp_path / "npm", {})
    assert json.loads((tmp_path / "npm" / "package.json").read_text()) == {
        "name": "all",
        "workspaces": ["packages/a", "packages/b"],
    }
    inner = json.loads((tmp_path / "npm" / "packages" / "a" / "package.json").read_text())
    assert inner["dependencies"] == {"b": "*", "d": "^1"}
    lay_out(project, tmp_path / "pnpm", {}, as_it_is=True)
    same = json.loads((tmp_path / "pnpm" / "packages" / "a" / "package.json").read_text())
    assert same["dependencies"] == needs
