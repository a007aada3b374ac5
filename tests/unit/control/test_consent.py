"""Consent: who may decide on each channel, and who may not."""

from pathlib import Path

import pytest

from control.consent import ApproversFile, Consent, approvers_of, read_approvers
from control.people import People
from core.approvals import Choice, Decision, Person
from core.errors import ConfigError, NotEntitled

ANN = Person(channel="telegram", person_id="4711")
ANN_IN_SLACK = Person(channel="slack", person_id="U0ANN")
EVE = Person(channel="telegram", person_id="4712")
PEOPLE = People({"ann": ("telegram:4711", "slack:U0ANN"), "bob": ("slack:U0BOB",)})


def by(person: Person, choice: Choice = "approve", place: str = "") -> Decision:
    return Decision(choice=choice, by=person, place=place)


def rules(
    telegram: str = "", chat: str = "", slack: str = "", channel: str = "", **more: object
) -> Consent:
    return Consent(approvers_of(telegram.split(), chat, slack.split(), channel), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", ["terminal", "rest"])
def test_terminal_and_rest_have_proved_who_calls(channel: str) -> None:
    assert Consent().may_decide(Person(channel=channel, person_id="ann"))


@pytest.mark.parametrize("channel", ["telegram", "slack", "policy", "", "Terminal", "terminal "])
def test_where_nobody_is_named_nobody_may_decide(channel: str) -> None:
    assert not rules().may_decide(Person(channel=channel, person_id="4711"), place="")


def test_in_a_private_chat_its_person_may_decide_and_in_a_group_nobody() -> None:
    assert rules(chat="4711").may_decide(ANN, place="4711")
    assert not rules(chat="4711").may_decide(EVE, place="4711")
    assert not rules(chat="-100123").may_decide(ANN, place="-100123")
    assert not rules(chat="-100123").may_decide(Person(channel="telegram", person_id="-100123"))


def test_named_approvers_take_the_place_of_the_chat() -> None:
    named = rules(telegram="4712", chat="4711")
    assert named.may_decide(EVE)
    assert not named.may_decide(ANN, place="4711")


def test_an_id_counts_on_its_own_channel_alone() -> None:
    named = rules(telegram="4711", slack="U0BOB")
    assert not named.may_decide(Person(channel="slack", person_id="4711"))
    assert not named.may_decide(Person(channel="telegram", person_id="U0BOB"))


def test_in_slack_the_channel_counts_until_people_are_named() -> None:
    open_to_all = rules(channel="C01")
    assert open_to_all.may_decide(ANN_IN_SLACK, place="C01")
    assert not open_to_all.may_decide(ANN_IN_SLACK, place="D99")
    assert not open_to_all.may_decide(ANN_IN_SLACK)
    named = rules(channel="C01", slack="U0BOB")
    assert not named.may_decide(ANN_IN_SLACK, place="C01")


@pytest.mark.parametrize("choice", ["approve", "reject", "request_changes", "raise_budget", "stop"])
def test_a_stranger_is_told_which_list_to_be_on(choice: Choice) -> None:
    with pytest.raises(NotEntitled, match="TELEGRAM_APPROVER_IDS") as refused:
        rules(chat="4711").check(by(EVE, choice), "")
    assert "telegram:4712" in str(refused.value)


def test_a_file_counts_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "approvers"
    file.write_text("# on call\ntelegram:4712  # eve\nslack:U0ANN\n")
    listed = rules(telegram="4711", file=ApproversFile(file))
    assert listed.may_decide(EVE)
    assert listed.may_decide(ANN_IN_SLACK)
    assert not listed.may_decide(ANN), "the file takes the place of the options"
    file.write_text("slack:U0ANN\n")
    assert not listed.may_decide(EVE)
    file.write_text("slack:U0ANN\ntelegram\n")
    assert not listed.may_decide(ANN_IN_SLACK), "a file that cannot be read lets nobody in"
    file.write_text("telegram:4711\n")
    assert listed.may_decide(ANN)
    file.unlink()
    assert not listed.may_decide(ANN)
    with pytest.raises(NotEntitled, match="APPROVERS_FILE"):
        listed.check(by(ANN), "")


@pytest.mark.parametrize("line", ["4711", "telegram:", ":4711", "telegram: 4711", "tele gram:1"])
def test_a_line_that_is_no_approver_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "approvers"
    file.write_text(f"slack:U0ANN\n\n{line}\n")
    with pytest.raises(ConfigError, match=f"{file}, line 3 is no approver"):
        read_approvers(file)


def test_a_missing_file_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="APPROVERS_FILE cannot be read"):
        ApproversFile(tmp_path / "none")


def test_who_else_may_decide_is_named_once_and_without_those_left_out() -> None:
    named = rules(telegram="4711 4712", slack="U0ANN U0BOB", people=PEOPLE)
    everywhere = named.others({"telegram", "slack"}, ["ops"], ["rest:me"])
    assert everywhere == ["ann", "bob", "ops", "telegram:4712"]
    assert named.others({"slack"}, [], ["telegram:4711"]) == ["bob"], "ann has two accounts"
    assert named.others(set(), [], []) == [], "nobody is asked there"
    open_to_all = rules(chat="4711", channel="C01")
    assert open_to_all.others({"telegram", "slack"}, [], []) == [
        "telegram:4711",
        "everybody in C01 (slack)",
    ]


def test_a_file_alone_names_who_else_may_decide(tmp_path: Path) -> None:
    file = tmp_path / "approvers"
    file.write_text("slack:U0BOB\n")
    listed = rules(telegram="4711", channel="C01", file=ApproversFile(file), people=PEOPLE)
    assert listed.others({"telegram", "slack"}, [], []) == ["bob"]


@pytest.mark.parametrize(
    ("person", "requested_by", "refused"),
    [
        (ANN, "telegram:4711", True),
        (ANN_IN_SLACK, "telegram:4711", True),
        (EVE, "telegram:4711", False),
        (ANN, "", False),
        (Person(channel="terminal", person_id="ann (with --yes)"), "terminal:ann", True),
        (Person(channel="terminal", person_id="bob"), "terminal:ann", False),
        (Person(channel="rest", person_id="ann"), "terminal:ann", False),
    ],
)
def test_the_requester_may_be_kept_from_approving_and_from_nothing_else(
    person: Person, requested_by: str, refused: bool
) -> None:
    strict = rules(telegram="4711 4712", slack="U0ANN", people=PEOPLE, forbid_requester=True)
    lax = rules(telegram="4711 4712", slack="U0ANN", people=PEOPLE)
    lax.check(by(person), requested_by)
    strict.check(by(person, "reject"), requested_by)
    if not refused:
        strict.check(by(person), requested_by)
        return
    with pytest.raises(NotEntitled, match="does not approve its change"):
        strict.check(by(person), requested_by)


@pytest.mark.parametrize(
    ("one", "other", "same", "apart"),
    [
        ("telegram:4711", "telegram:4711", True, False),
        ("telegram:4711", "telegram:4712", False, True),
        ("telegram:4711", "slack:U0ANN", True, False),
        ("telegram:4711", "slack:U0BOB", False, True),
        ("telegram:4712", "slack:U0BOB", False, False),
        ("telegram:4711", "rest:ann", False, False),
    ],
)
def test_people_are_told_apart_as_far_as_somebody_said_who_they_are(
    one: str, other: str, same: bool, apart: bool
) -> None:
    for first, second in ((one, other), (other, one)):
        assert (PEOPLE.same(first, second), PEOPLE.apart(first, second)) == (same, apart)


def test_an_account_is_the_same_with_and_without_a_note_on_how_it_was_asked() -> None:
    assert Person(channel="terminal", person_id="ann (not asked)").account == "terminal:ann"
    assert ANN.account == "telegram:4711"
