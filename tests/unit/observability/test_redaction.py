"""No secret leaves, however it is spelt; and what is no secret stays."""

import base64
import json
import random
import string
from urllib.parse import quote, quote_plus

import pytest

from observability.redaction import MASK, Redactor

SECRET = 'pä55/w+rd=&?"\\ x9'


def spellings(secret: str) -> dict[str, str]:
    data = secret.encode()
    return {
        "raw": secret,
        "url": quote(secret, safe=""),
        "url, lower case": quote(secret, safe="").lower().replace(secret.lower(), secret),
        "path": quote(secret),
        "form": quote_plus(secret),
        "json": json.dumps(secret)[1:-1],
        "json, unicode": json.dumps(secret, ensure_ascii=False)[1:-1],
        "hex": data.hex(),
        "HEX": data.hex().upper(),
        "base64": base64.b64encode(data).decode(),
        "base64, url": base64.urlsafe_b64encode(data).decode(),
    }


@pytest.mark.parametrize("spelling", spellings(SECRET))
def test_a_known_secret_is_masked_in_every_spelling(spelling):
    spelt = spellings(SECRET)[spelling]
    assert spelt not in Redactor([SECRET]).text(f"before {spelt} after")


def test_a_secret_inside_of_base64_is_masked_wherever_it_stands():
    random.seed(7)
    for _ in range(80):
        secret = "".join(random.choices(string.ascii_letters + string.digits, k=20))
        before = random.randbytes(random.randrange(9))
        after = random.randbytes(random.randrange(9))
        spelt = base64.b64encode(before + secret.encode() + after).decode()
        masked = Redactor([secret]).text(spelt)
        assert MASK in masked
        assert len(masked) - len(MASK) <= len(spelt) - 26 + 4


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n    "])
@pytest.mark.parametrize("width", [7, 76])
def test_a_secret_is_masked_in_a_dump_that_goes_on_in_the_next_line(end, width):
    for before in range(30, 80):
        data = b"#" * before + SECRET.encode() + b"#" * 80
        for dump in (base64.b64encode(data).decode(), data.hex()):
            lines = [dump[at : at + width] for at in range(0, len(dump), width)]
            assert MASK in Redactor([SECRET]).text(end.join(lines))


@pytest.mark.parametrize(
    "shape",
    [
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1_B2" * 8,
        "glpat-" + "x1y2" * 5,
        "xoxb-1234567890-abcdefghij",
        "sk-ant-api03-" + "q" * 30,
        "AKIA" + "ABCD" * 4,
        "hf_" + "aB1" * 11,
        "gsk_" + "aB1" * 17,
        "e2b_" + "a1" * 20,
        "xai-" + "aB1" * 26,
        "GOCSPX-" + "aB_-" * 7,
        "dop_v1_" + "a1" * 32,
        "ATATT3x" + "aB1_" * 10,
        "SG." + "aB1_-" * 4 + "." + "aB1_-" * 8,
        "AIza" + "b" * 35,
        "123456789:" + "A" * 35,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\ncut off",
        "https://hooks.slack.com/services/T0000/B0000/" + "z" * 24,
        "postgres://anton:s3cr3t-word@db/prod",
        "Authorization: Bearer abcdef0123456789",
        "DB_PASSWORD=correct-horse-battery",
        '"api_key": "0123456789abcdef"',
        "token=0123456789abcdef",
    ],
)
def test_what_looks_like_a_secret_is_masked(shape):
    masked = Redactor().text(f"before {shape} after")
    assert MASK in masked
    assert masked.startswith("before ")
    assert shape.split("=")[-1][-12:] not in masked


@pytest.mark.parametrize(
    "text",
    [
        "def token(self): return self.tokens[0]",
        "tokens_in: 123456789",
        "patch_hash: " + "ab" * 32,
        "https://example.org/a/b?c=d#e",
        "anton/bug-42-1a2b3c4d",
        "2026-03-01 12:00:00 UTC",
        "tests/test_a.py::test_b[1:2] FAILED",
        "password = get_password()",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert Redactor(["", "  ", "short"]).text(text) == text


def test_values_are_masked_in_texts_keys_and_under_telling_names():
    secret = "very-secret-9"
    masked = Redactor([secret]).value(
        {"a": [f"x{secret}", 1, None], secret: True, "github_token": "abc", "tokens": 5}
    )
    assert masked == {"a": [f"x{MASK}", 1, None], MASK: True, "github_token": MASK, "tokens": 5}
    lists = Redactor().value({"api_keys": ["abc", "", {"a": "b"}], "tokens_in": 3})
    assert lists == {"api_keys": [MASK, "", {"a": "b"}], "tokens_in": 3}


def test_a_long_hostile_text_is_masked_in_no_time():
    hostile = ("a" * 50 + "_") * 4000 + "://" + "x:" * 50_000 + "-----BEGIN PRIVATE KEY-----" * 500
    Redactor([f"secret-{n}-value" for n in range(50)]).text(hostile)
