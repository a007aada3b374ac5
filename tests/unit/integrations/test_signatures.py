"""Signatures of vendors: their published vectors hold, and one flipped bit breaks each."""

import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from core.errors import SignatureInvalid
from integrations.signatures import SLACK_WINDOW_S, check_hmac, check_slack, check_token

OLD, NEW = "the-secret-until-yesterday", "the-secret-since-yesterday"


class Signed(NamedTuple):
    """A request as it came."""

    body: bytes
    shown: str
    secrets: tuple[str, ...]
    timestamp: str = ""


def github(request: Signed) -> None:
    check_hmac(request.body, request.shown, request.secrets, prefix="sha256=")


def slack(request: Signed, now_s: float = 1_531_420_618.0) -> None:
    check_slack(request.body, request.timestamp, request.shown, request.secrets, now_s=now_s)


def token(request: Signed) -> None:
    check_token(request.shown, request.secrets)


CHECKS: dict[str, Callable[[Signed], None]] = {
    "github": github,
    "jira": github,
    "slack": slack,
    "token": token,
}


SECRET = "It's a Secret to Everybody"
COMMAND = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
GOOD = {
    "github": Signed(
        b"Hello, World!",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        (SECRET,),
    ),
    "jira": Signed(
        b"Hello World!",
        "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
        (SECRET,),
    ),
    "slack": Signed(
        COMMAND,
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        ("8f742231b10e8888abcd99yyyzzz85a5",),
        "1531420618",
    ),
    "token": Signed(b"", NEW, (NEW,)),
}
"""What the vendors publish, and a token of ours."""


def flipped(value: bytes, at: int) -> bytes:
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


@pytest.mark.parametrize("vendor", CHECKS)
def test_what_the_vendors_publish_holds(vendor: str):
    CHECKS[vendor](GOOD[vendor])


def test_these_are_what_the_vendors_publish(contracts: Path):
    published = json.loads((contracts / "signature-vectors.json").read_text())
    for vendor in ("github", "jira", "slack"):
        facts, ours = published[vendor], GOOD[vendor]
        assert (facts["body"].encode(), facts["secret"]) == (ours.body, ours.secrets[0])
        assert {ours.shown, *filter(None, [ours.timestamp])} == set(facts["headers"].values())


PARTS = [(vendor, part) for vendor in CHECKS for part in ("body", "shown", "secret")]


@pytest.mark.parametrize(
    ("vendor", "part"),
    [*(pair for pair in PARTS if pair != ("token", "body")), ("slack", "timestamp")],
)
def test_one_flipped_bit_anywhere_is_refused(vendor: str, part: str):
    good = GOOD[vendor]
    texts = {"body": good.body, "shown": good.shown.encode(), "secret": good.secrets[0].encode()}
    whole = texts.get(part, good.timestamp.encode())
    for at in range(len(whole)):
        text = flipped(whole, at)
        words = text.decode("latin-1")
        bad = {
            "body": good._replace(body=text),
            "shown": good._replace(shown=words),
            "secret": good._replace(secrets=(words,)),
            "timestamp": good._replace(timestamp=words),
        }[part]
        with pytest.raises(SignatureInvalid):
            CHECKS[vendor](bad)


@pytest.mark.parametrize("vendor", CHECKS)
def test_every_failure_reads_alike(vendor: str):
    good = GOOD[vendor]
    bad = [
        good._replace(shown=shown)
        for shown in (
            "",
            "é" * 64,
            "\udce9",
            good.shown.upper(),
            good.shown.removeprefix("v0=").removeprefix("sha256=")[1:],
            good.shown + "\n",
            f"{good.shown}, {good.shown}",
            "sha1=" + good.shown,
        )
    ]
    bad += [good._replace(secrets=()), good._replace(secrets=("", ""))]
    said = set()
    for request in bad:
        with pytest.raises(SignatureInvalid) as refused:
            CHECKS[vendor](request)
        said.add(str(refused.value))
    assert len(said) == 1


def test_what_anybody_could_sign_is_refused():
    forged = "v0=" + hmac.new(b"", b"v0:1531420618:{}", sha256).hexdigest()
    with pytest.raises(SignatureInvalid):
        check_slack(b"{}", "1531420618", forged, ("",), now_s=1_531_420_618)
    with pytest.raises(SignatureInvalid):
        check_token("", ("",))


def test_both_secrets_hold_while_one_is_replaced():
    for vendor, check in CHECKS.items():
        good = GOOD[vendor]
        check(good._replace(secrets=(OLD, *good.secrets)))
        check(good._replace(secrets=(*good.secrets, OLD)))


@pytest.mark.parametrize(("off_s", "taken"), [(0, True), (300, True), (-300, True)])
def test_slack_is_heard_within_five_minutes(off_s: float, taken: bool):
    slack(GOOD["slack"], 1_531_420_618 + off_s)


@pytest.mark.parametrize("off_s", [SLACK_WINDOW_S + 1, -SLACK_WINDOW_S - 1, 86_400, 1e9])
def test_what_is_stale_or_of_the_future_is_refused(off_s: float):
    with pytest.raises(SignatureInvalid):
        slack(GOOD["slack"], 1_531_420_618 + off_s)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "-1531420618",
        "1531420618.0",
        " 1531420618",
        "1531420618 ",
        "\uff11531420618",
        "9" * 5000,
        "nan",
    ],
)
def test_a_time_that_is_none_is_refused(timestamp: str):
    with pytest.raises(SignatureInvalid):
        slack(GOOD["slack"]._replace(timestamp=timestamp))
