"""The phrases of the grammar: what a whole utterance, or a part of it between commas, can be."""

import re
from collections.abc import Mapping, Sequence

from core.intents import Topic

_IT = r"(?: (?:it|this|that|(?:the|this|your) (?:fix|change|patch|diff|pr|branch|task|report)))?"
_NOW = r"(?: (?:now|then|today|right away|as (?:it )?is|anyway))?"
_DO = r"(?:approve|ship|merge|release|publish|deploy|send)"

APPROVE = re.compile(
    rf"(?:yes|yep|yeah|yup|aye|ok|okay|approved|{_DO}{_IT}{_NOW}|lgtm|sgtm|(?:do|send) it{_NOW}"
    rf"|let'?s (?:{_DO}{_IT}|go|do (?:it|this)){_NOW}|i(?:'ll| will| do| hereby)? approve{_IT}"
    rf"|(?:go|go ahead|go for it|proceed)(?: with (?:it|this|that))?{_NOW}"
    rf"|(?:it |this )?looks (?:good|fine|great|right) to me|(?:it'?s |this is )?fine (?:by|with) me"
    rf"|(?:it'?s |this is |you'?re |we'?re )?good to go|you have my (?:approval|consent|ok|go)"
    rf"|make it so|by all means|(?:you can|you may) {_DO}{_IT}{_NOW}|👍+|✅"
    r"|ja|jawohl|genehmigt|freigegeben|freigeben|einverstanden|mach(?:'s| das| es)|ja bitte"
    r"|oui|d'accord|vas-y|allez-y|approuvé|j'approuve|sí|si|aprobado|adelante|de acuerdo|hazlo"
    r"|tak|zatwierdzam|zatwierdzone|zgadzam się|zgoda|sim|aprovado|sì|va bene|approvato|akkoord"
    r"|да|одобряю|согласен|согласна|はい|承認|承認します|同意|批准|同意します|네|승인|승인합니다)"
)
REJECT = re.compile(
    rf"(?:no|nope|nah|never|no way|absolutely not|no thanks|rejected|declined|(?:i )?(?:reject|"
    rf"decline|refuse){_IT}|(?:don'?t|do not|never|please don'?t)(?: {_DO}{_IT})?{_NOW}|drop{_IT}"
    rf"|discard{_IT}|throw (?:it|this|that) away|👎+|❌"
    r"|nein|ablehnen|abgelehnt|non|refusé|je refuse|rechazado|lo rechazo|nie|odrzucam|odrzucone"
    r"|não|нет|отклоняю|いいえ|却下|却下します|不同意|拒绝|아니요|거부)"
)
STOP = re.compile(
    rf"(?:stop|cancel|abort|halt|quit|kill){_IT}{_NOW}|(?:please )?stop (?:here|working)(?: on it)?"
    r"|stopp|abbrechen|aufhören|arrête|arrêtez|annule|para|detente|cancela|zatrzymaj|przerwij"
    r"|стоп|停止|中止|止めて"
)
ENOUGH = re.compile(
    r"(?:(?:that'?s|that is|this is) )?enough|give up|(?:leave|forget|drop) it"
    r"|not worth (?:it|more)|(?:no|not an?|not another|not one) (?:more|(?:more )?(?:cents?"
    r"|dollars?|penny|money)(?: more)?)"
    r"|don'?t (?:spend|use) (?:any more|any more money|more|another cent)"
)
MORE = re.compile(
    r"(?:please )?(?:try|have|take|give it|do) ?(?:it )?(?:again|once more|(?:another|one more)"
    r" (?:go|try|shot|attempt|round|time))|again|once more|(?:another|one more) (?:go|try|shot|"
    r"attempt|round|time)|more attempts|retry|keep (?:trying|going)|continue|carry on|go on"
    r"|noch ?mal|noch ein versuch|encore une fois|otra vez|inténtalo de nuevo|jeszcze raz"
    r"|もう一度|再试一次"
)
TAKE_OVER = re.compile(
    r"(?:i(?:'ll| will| can|'m going to)? )?(?:take|taking)(?: it| this| that)? over(?: it| this)?"
    r"(?: from here)?|i(?:'ll| will) (?:take|handle|do|finish) (?:it|this)"
    r"(?: (?:myself|from here|on))*|let me (?:handle|do|finish|take) (?:it|this)(?: over| myself)*"
    r"|(?:hand|give) it (?:over|to me|over to me)|(?:leave|that'?s) (?:it to me|mine)"
    r"|i(?:'ve)? got (?:it|this)(?: from here)?|ich übernehme(?: das)?|je m'en charge|me encargo yo"
    r"|przejmuję|引き継ぎます"
)
NOISE = re.compile(
    r"(?:(?:it'?s|it is|this is|that'?s|just|only) )*(?:noise|spam|an? false (?:alarm|positive)"
    r"|false alarm|false positive|an? test (?:alert|message)|not an? (?:real )?(?:bug|fault|issue"
    r"|problem))"
)
ASIDE = re.compile(
    r"(?:please|pls|thanks(?: a lot| so much)?|thank you(?: so much| very much)?|thx|ty|cheers"
    r"|hi|hello|hey|anton|good morning|morning|sure|sure thing|alright|all right|perfect|great"
    r"|nice|excellent|awesome|brilliant|wonderful|super|cool|good|fine|very good|well done"
    r"|(?:good|great|nice|excellent|lovely) (?:work|job|one|stuff|catch|find|fix)|looks (?:good|"
    r"great|fine|right|perfect|solid)|all good|i'?ve (?:read|checked|reviewed) (?:it|the diff)"
    r"|bitte|danke|merci|s'il te plaît|s'il vous plaît|gracias|por favor|dziękuję|dzięki|proszę"
    r"|🙏|🎉|🚀|🙂|😀|❤)"
)
DELAY = re.compile(
    r"(?:please )?(?:wait|hold on|hang on|hold it|(?:one|just a) (?:moment|sec|second|minute)"
    r"|not yet|not now|later|tomorrow|in a (?:bit|while|minute))(?: please)?"
    r"|let me (?:look|check|see|think|read|have a look|sleep)(?: .*)?|i'?(?:ll| will|'m going to)"
    r" (?:look|check|think|have a look|get back|read|come back|decide)(?: .*)?"
    r"|give me (?:a|an|one|five|ten) (?:moment|sec|second|minute|minutes|hour)|maybe|perhaps"
    r"|i'?m not sure|not sure|i don'?t know|no idea|hm+|idk|dunno"
)
QUESTION = re.compile(
    r"(?:(?:and|but|so|hi|hey|hello|anton|ok|wait|sorry|hm+)[ ,]+)*(?:what|why|how|who|whose|which"
    r"|where|when|is|are|was|were|does|do|did|has|have|had|what'?s|who'?s|how'?s"
    r"|will (?:it|this|that|the)|can (?:it|this|i|we)|could (?:it|this)"
    r"|would (?:it|this)|should i|any|explain|tell me|show me)\b.*"
)
REQUEST = re.compile(r".*\b(?:please|(?:can|could|would|will) you)\b.*")

TOPICS: Mapping[Topic, re.Pattern[str]] = {
    "proof": re.compile(r"\b(?:tests?|tested|proof|proved?|proven|verif\w+|green|red|ci)\b"),
    "sureness": re.compile(r"\b(?:sure|certain|confiden\w+|likely|probab\w+)\b"),
    "risk": re.compile(r"\b(?:risk\w*|danger\w*|safe\w*|severity|urgent|protected|break\w*)\b"),
    "cost": re.compile(r"\b(?:cost\w*|spen[dt]\w*|budget|limit|money|dollars?|tokens?|price)\b"),
    "cause": re.compile(r"\b(?:why|cause\w*|reason|wrong|broke\w*|happen\w*)\b"),
    "review": re.compile(r"\b(?:review\w*|scores?|who (?:found|made|wrote))\b"),
    "report": re.compile(r"\b(?:ticket|report\w*|issue|about|component)\b"),
    "next": re.compile(r"\b(?:if i|approve|next|then|merge\w*|publish\w*|happens)\b"),
    "change": re.compile(r"\b(?:chang\w+|files?|diff|patch|fix\w*|lines?|touch\w*|do(?:es)?)\b"),
}

ONE_OF: Sequence[tuple[re.Pattern[str], tuple[str, ...]]] = (
    (APPROVE, ("approve", "more_attempts")),
    (REJECT, ("reject", "stop")),
    (STOP, ("stop", "reject")),
    (ENOUGH, ("stop", "reject")),
    (TAKE_OVER, ("take_over",)),
    (NOISE, ("noise",)),
    (MORE, ("more_attempts",)),
)
"""Phrases, and the choices that they can mean, the first open one first."""
