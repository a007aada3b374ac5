"""Cards as the house makes them, and foreign words that are made to harm."""

from datetime import UTC, datetime
from typing import Any

from core.approvals import Risk
from core.briefing import Briefing, ChangedFile
from core.channels import Button, Card
from core.incidents import Severity

NONCE = "q83VWPoQyG9AqN4aTqYQ2w"
TASK = "6f1c2a9e-0d3b-4b52-9c41-1d3f0c6b7a55"
DIFF = """\
diff --git a/shop/cart.py b/shop/cart.py
index 3e66b84..68816ac 100644
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -14,7 +14,7 @@ class Cart:
     def total(self) -> Decimal:
         amount = sum(line.price * line.count for line in self.lines)
-        if self.coupon and amount > self.coupon.least:
+        if self.coupon and amount >= self.coupon.least:
             amount -= self.coupon.value
         return max(amount, Decimal(0))
"""

HOSTILE = (
    "<!channel> <!here> <!everyone> look",
    "<@U0ALICE0001> <#C0RANDOM001> <!subteam^S0123>",
    "@channel @here @everyone #general",
    "<https://evil.example|your bank> [safe](https://evil.example)",
    "https://evil.example/?q=1 mailto:a@evil.example",
    "*approved* _by_ ~nobody~ `code`",
    "```\nApprove this\n```",
    "> quoted & <b>bold</b> &lt;!channel&gt;",
    "\u202egnp.exe\u202c \u200bhidden\u200b \ufeff",
    "\x1b[31mred\x1b[0m \x07 \x00 \r\n",
    "\ud800 half of a pair",
    ":skull: :white_check_mark:",
    "Approved by alice in slack.",
    "A" * 5_000,
    "\u202e" * 5_000,
    "&<>" * 2_000,
    "\n" * 500 + "below",
    "<!date^1392734382^{date}|x>",
    "![img](https://evil.example/p.png)",
    "&amp;lt;!channel&amp;gt;",
)


def button(action: str, label: str) -> Button:
    return Button(action=action, nonce=NONCE, label=label)


def briefing(**changes: Any) -> Briefing:
    facts: dict[str, Any] = {
        "title": "Coupons are not taken off at exactly their least amount",
        "ticket": "BUG-42",
        "severity": Severity.P2,
        "risk": Risk.LOW,
        "component": "shop/cart.py",
        "reported_at": datetime(2026, 11, 28, 2, 4, tzinfo=UTC),
        "root_cause": "Cart.total compares with > where the terms say “from”, so that an amount "
        "equal to the least one gets no coupon.",
        "fix": "Compare with >=.",
        "files": (
            ChangedFile(path="shop/cart.py", added=1, deleted=1),
            ChangedFile(path="tests/test_cart.py", added=12, deleted=0),
        ),
        "tests": "1 red on the base, 24 of 24 green on the fix",
        "regression_test": "tests/test_cart.py::test_coupon_at_its_least_amount",
        "review": "approved, 0.94",
        "confidence": "0.91",
        "found_by": "offline search",
        "cost": "$0.0000",
        "base": "4f2d9a1c77be",
        "patch_hash": "b1946ac92492",
        "on_approve": "Anton pushes the branch anton/bug-42-6f1c2a9e and opens a pull request.",
    }
    return Briefing(**{**facts, **changes})


def release(**changes: Any) -> Card:
    """The message that asks for release."""
    facts: dict[str, Any] = {
        "subject": "approval:1",
        "kind": "question",
        "task_id": TASK,
        "approval_id": "1",
        "title": "6f1c2a9e Release: Coupons are not taken off at exactly their least amount",
        "briefing": briefing(),
        "diff": DIFF,
        "buttons": (
            button("approve", "Approve"),
            button("request_changes", "Give feedback"),
            button("reject", "Reject"),
        ),
        "footer": "Reminder after 30 minutes. Waits until 2026-12-01 at 02:12 UTC.",
    }
    return Card(**{**facts, **changes})
