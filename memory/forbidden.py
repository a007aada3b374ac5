"""Of what no rule may speak: who decides, what may be used, what is secret, what counts."""

import re

from memory.letters import spellings

_FEW = r"(?:[\w-]+ ){0,3}"
"""Up to three words between two that belong together."""
_TESTS = (
    r"(?:tests?|checks?|reviews?|assert\w*|proofs?|validation|verification|expectations?|suite)"
)
_SPEAKERS = (
    r"(?:team|owner|boss|lead|manager|author|reporter|requester|colleague|engineer|vendor"
    r"|customer|admin(?:istrator)?)s?"
)
_WHO = r"(?:nobody|no[- ]one|anybody|anyone|somebody|someone|everybody|everyone)"

FORBIDDEN: tuple[tuple[str, str], ...] = (
    (
        "approval",
        r"\w*approv\w*|consent\w*|permission\w*|permit\w*|authori[sz]\w*|sign(?:ed|s)?[- ]?off"
        r"|humans?|persons?|people|users? (?:said|wants?|asks?)|reviewers?|operators?|maintainers?"
        r"|without asking|autonom\w*|escalat\w*|pull requests?"
        r"|(?:merg|push|publish|deploy|releas|commit|ship)\w* (?:the |this |a |any |every |all )?"
        r"(?:chang|fix|patch|branch|code|it\b|direct|straight|without)\w*"
        r"|(?:chang|fix|patch|diff)\w*\b[^.]{0,60}\b(?:accepted|released|cleared|granted|agreed"
        r"|vouched|go(?:es)? live)"
        rf"|{_WHO} (?:has|have|had|needs?|must|wants?|asks?|looks?|decides?|checks?|reviews?)"
        rf"|{_SPEAKERS} (?:has|have|wants?|asks?|agrees?d?|said|says|decides?d?|demands?|allows?)"
        r"|green[- ]?li(?:ght|t)|go[- ]?ahead|if asked|when(?:ever)? (?:you are )?asked"
        r"|answers? (?:is |are |with )?(?:the word )?yes|says? yes"
        r"|(?:choos|pick|select)\w* the (?:first|last) (?:option|choice)",
    ),
    (
        "tools",
        r"tools?|shell|bash|curl|wget|sudo|chmod|git|pip|npm|sandbox\w*|network\w*|download\w*"
        r"|upload\w*|internet|web ?sites?|urls?|install\w*|command line|commands?|scripts?"
        rf"|fetch\w* {_FEW}(?:advice|guidance|help|code|hints?)|contact\w*|call out|reach out"
        rf"|connect(?:ion)? to|open a (?:connection|socket|channel)|(?:send|post|mail) {_FEW}to"
        r"|e[- ]?mail\w*|eval|exec|ask \w+ [\w']+ server",
    ),
    (
        "secrets",
        r"secrets?|pass ?words?|pass ?phrases?|pass ?codes?|credentials?|tokens?"
        r"|(?:api|private|access|signing|session|ssh)[- ]?keys?|key ?files?|files? of keys"
        r"|environment variables?|env(?:ironment)? vars?|cookies?|bearer|certificates?"
        r"|home (?:folder|directory)|(?:values?|contents?) of (?:the )?(?:configuration|settings)"
        r"|configuration values?|back ?doors?",
    ),
    (
        "policy",
        r"polic(?:y|ies)|instructions?|prompts?|system messages?|rules?|guidelines?|disregard\w*"
        r"|ignor\w+ (?:all|any|every|the)|overrid\w*|bypass\w*|disabl\w*|budgets?|risks?|gates?"
        r"|jailbreak\w*|audit\w*|trust(?:ed|s|ing)?|confidence"
        r"|(?:skip|delet|remov|weaken|omit|avoid|loosen|relax|soften|silenc|mut|drop|exclud)\w* "
        rf"{_FEW}{_TESTS}|(?:turn|switch|leav|comment)\w* (?:off|out) {_FEW}{_TESTS}"
        rf"|leav\w* {_FEW}out|without (?:checking|testing|looking|reading|mention\w*)"
        rf"|(?:mak|let|forc|get|adapt|adjust)\w* {_FEW}(?:{_TESTS}|cases|values)"
        r" (?:\w+ ){0,2}(?:pass|match|fit|green|succeed)\w*|until \w+ (?:is|are) green"
        r"|as (?:an? )?(?:passing|passed|green|successful|expected failures?)|report success"
        r"|obey\w*|heed\w*|(?:do|follow|carry out) (?:what|whatever|everything|all) \w+"
        r"|carried out|address(?:es)? you|you (?:are|were) (?:now|told)|act as|pretend\w*"
        r"|counts? more|from now on|forget what|stands? above|(?:not|never) mention\w*|conceal\w*"
        r"|hid\w* (?:what|that|this|the (?:chang|fix|reason)\w*)",
    ),
    (
        "verdicts",
        r"(?:as|always|are|is|call it|say) (?:a |mere |just |not )?"
        r"(?:noise|duplicates?|harmless|false alarms?|correct|safe|fixed|real)"
        rf"|nothing is wrong|(?:ignor|clos|reject|dismiss)\w* {_FEW}reports?"
        r"|reports? (?:\w+ ){0,5}(?:closed|ignored|rejected|dismissed)",
    ),
)
_FORBIDDEN = tuple((name, re.compile(rf"\b(?:{words})\b")) for name, words in FORBIDDEN)


def subject_of(rule: str) -> str:
    """Of which of these subjects a rule speaks, however it is spelt; empty for none."""
    seen = spellings(rule)
    for subject, words in _FORBIDDEN:
        if any(words.search(text) for text in seen):
            return subject
    return ""
