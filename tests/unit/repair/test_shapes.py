"""The types that have to be built are shown with what builds them."""

import pytest

from core.patches import Suspect
from core.trees import Tree
from repair.shapes import types_beside
from repair.units import excerpts

HEAD = "class Basket:\n    size: int = 0\n"
MAKING = "    def __init__(\n        self, owner: str\n    ) -> None:\n"
LONG = (
    f"{HEAD}\n{MAKING}" + "        self.x = 1\n" * 20 + "\n    def total(self):\n        return 1\n"
)
ITEM = "@dataclasses.dataclass\nclass Item:\n    cents: int\n"
CARD = "export interface Card {\n  digits: number;\n}\n"
TREE = Tree().with_texts(
    {
        "shop.py": "from kinds import Basket, Item\n\n\n"
        "def price(item: Item, basket: Basket):\n    return item.cents\n",
        "kinds.py": f"import dataclasses\n\n\n{ITEM}\n\nclass Other:\n    pass\n\n\n{LONG}",
        "pay.ts": 'import type { Card } from "./card";\n'
        "export function pay(card: Card): number {\n  return card.digits;\n}\n",
        "card.ts": f"export type Kind = string;\n{CARD}",
        "tests/test_kinds.py": "class Item:\n    pass\n",
    }
)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("shop.py", f"FILE: kinds.py (parts)\n{ITEM}\n{HEAD}{MAKING}"),
        ("pay.ts", f"FILE: card.ts (parts)\n{CARD}"),
    ],
)
def test_short_types_are_shown_whole_and_long_ones_by_what_makes_them(
    path: str, shown: str
) -> None:
    code = excerpts(TREE, [Suspect(path=path, line=4, score=1)], max_chars=500)
    assert types_beside(TREE, code, max_chars=1000) == shown.rstrip()
    assert types_beside(TREE, code, max_chars=10) == ""
