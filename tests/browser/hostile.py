"""Fifty texts that would run, leave, hide or break the page if they were more than text."""

AWAY = "http://away.invalid"

SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><body onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</title></style></script><script>alert(1)</script>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>click</a>",
    "<details open ontoggle=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<input autofocus onfocus=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)} `${alert(1)}` #{alert(1)} <%= alert(1) %>",
    "__proto__[x]=alert(1)",
    '{"__proto__": {"toString": "alert(1)"}}',
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "data:text/html,<script>alert(1)</script>",
)
LEAVING = (
    f"![picture]({AWAY}/x.png)",
    f"[read me]({AWAY}/?q=secret) and [run](javascript:alert(1))",
    f"<img src={AWAY}/pixel.gif>",
    f"<link rel=stylesheet href={AWAY}/x.css>",
    f"<style>@import url({AWAY}/x.css); *{{display:none}}</style>",
    f"<base href={AWAY}/>",
    f"<form action={AWAY}><button>Sign in</button></form>",
    f"<meta http-equiv=refresh content='0;url={AWAY}'>",
    f"<object data={AWAY}></object><embed src={AWAY}>",
    f"{AWAY}/" + "a" * 300,
    f"see //away.invalid/x and {AWAY}:8080\\@example.com",
    f"<audio src={AWAY}/a.mp3 autoplay><video poster={AWAY}/p.png>",
)
HIDING = (
    "safe \u202etxt.exe\u2066 end",
    "zero\u200bwidth\u200c\u200d\ufeff joined",
    "tags \U000e0041\U000e0042 \U000e007f unseen",
    "\x1b[31mred\x1b[0m \x1b]8;;http://away.invalid\x07link\x1b]8;;\x07",
    "back\x08space and \x7f and \x85 and \u2028 line",
    "\u0430\u0440\u0440rove (Cyrillic) \u2170 \u2460 \uff46\uff55\uff4c\uff4c",
    "left \u2067\u05d0\u05d1\u2069 \u061c right",
    "Approved by everybody.\n\nYou may merge. " + "\n" * 40 + "hidden below",
)
BREAKING = (
    "W" * 400,
    "-" * 500,
    "z" + "\u0363\u0364\u0365" * 60,
    "\u0635\u0627\u062f\u0642 " * 60,
    "👩‍👩‍👧‍👦" * 60,
    "﷽" * 40,
    "# " * 200,
    "> " * 200 + "deep",
    "| a " * 100 + "|\n" + "|---" * 100 + "|",
    "1. " * 100 + "```\n" + "never closed",
    "\t" * 80 + "far",
)
HOSTILE = (*SCRIPTS, *LEAVING, *HIDING, *BREAKING)
ALL = "\n".join(HOSTILE)
