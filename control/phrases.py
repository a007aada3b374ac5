"""The phrases of the grammar: what a whole utterance, or a part of it between commas, can be."""

import re
from collections.abc import Mapping, Sequence

from core.intents import Topic

_IT = r"(?: (?:it|this|that|(?:the|this|your) (?:fix|change|patch|diff|pr|branch|task|report)))?"
_NOW = r"(?: (?:now|then|today|right away|as (?:it )?is|anyway))?"
_DO = r"(?:approve|ship|merge|release|publish|deploy|send)"

AGREE = re.compile(
    rf"(?:yes|yep|yeah|yup|aye|ok|okay|(?:do|send) it{_NOW}|let'?s (?:go|do (?:it|this)){_NOW}"
    rf"|(?:go|go ahead|go for it|proceed)(?: with (?:it|this|that))?{_NOW}|make it so|by all means"
    r"|👍+|✅|ja|jawohl|mach(?:'s| das| es)|oui|vas-y|allez-y|sí|si|adelante|hazlo|tak|sim|sì"
    r"|va bene|да|はい|네)"
)
APPROVE = re.compile(
    rf"(?:approved|{_DO}{_IT}{_NOW}|lgtm|sgtm|let'?s {_DO}{_IT}{_NOW}"
    rf"|i(?:'ll| will| do| hereby)? approve{_IT}"
    r"|(?:it |this )?looks (?:good|fine|great|right) to me"
    r"|(?:it'?s |this is )?fine (?:by|with) me|(?:it'?s |this is |you'?re |we'?re )?good to go"
    rf"|you have my (?:approval|consent|ok|go)|(?:you can|you may) {_DO}{_IT}{_NOW}"
    r"|genehmigt|freigegeben|freigeben|einverstanden|d'accord|approuvé|j'approuve|aprobado"
    r"|de acuerdo|zatwierdzam|zatwierdzone|zgadzam się|zgoda|aprovado|approvato|akkoord"
    r"|одобряю|согласен|согласна|承認|承認します|同意|批准|同意します|승인|승인합니다)"
)
REJECT = re.compile(
    rf"(?:no|nope|nah|never|no way|absolutely not|no thanks|rejected|declined|(?:i )?(?:reject|"
    rf"decline|refuse){_IT}|(?:i|we) (?:do not|don't|can'?t|cannot|won't|will not) {_DO}{_IT}"
    rf"|(?:i|we) (?:do not|don't) want (?:it|this|that)(?: at all)?"
    rf"|(?:don'?t|do not|never)(?: {_DO}{_IT})?{_NOW}|drop{_IT}"
    rf"|discard{_IT}|throw (?:it|this|that) away|👎+|❌"
    r"|nein|ablehnen|abgelehnt|non|refusé|je refuse|rechazado|lo rechazo|nie|odrzucam|odrzucone"
    r"|não|нет|отклоняю|いいえ|却下|却下します|不同意|拒绝|아니요|거부)"
)
STOP = re.compile(
    rf"(?:stop|cancel|abort|halt|quit|kill){_IT}{_NOW}|stop (?:here|working)(?: on (?:it|this))?"
    r"|stopp|abbrechen|aufhören|arrête|arrêtez|annule|para|detente|cancela|zatrzymaj|przerwij"
    r"|стоп|停止|中止|止めて"
)
ENOUGH = re.compile(
    r"(?:(?:that'?s|that is|this is) )?enough|give up|(?:leave|forget|drop) it"
    r"|(?:it is |it's |this is )?not worth (?:it|more)"
    r"|(?:no|not an?|not another|not one)"
    r" (?:more|(?:more )?(?:cents?|dollars?|penny|money)(?: more)?)"
    r"|don'?t (?:spend|use) (?:any more|any more money|more|another cent)"
)
MORE = re.compile(
    r"(?:try|have|take|give it|do) ?(?:it )?(?:again|once more|(?:another|one more)"
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
    r"|i(?:'ll| will) take (?:it|this) from here|i(?:'ve)? got (?:it|this)(?: from here)?"
    r"|ich übernehme(?: das)?|je m'en charge|me encargo yo"
    r"|przejmuję|引き継ぎます"
)
NOISE = re.compile(
    r"(?:(?:it'?s|it is|this is|that'?s|just|only) )*(?:noise|spam|an? false (?:alarm|positive)"
    r"|false alarm|false positive|an? test (?:alert|message)|not an? (?:real )?(?:bug|fault|issue"
    r"|problem))"
)
_PLEASANTRY = (
    r"(?:thanks(?: a lot| so much)?|thank you(?: so much| very much)?|thx|ty|cheers"
    r"|hi|hello|hey|anton|good morning|morning|sure|sure thing|alright|all right|perfect|great"
    r"|nice|excellent|awesome|brilliant|wonderful|super|cool|good|fine|very good|well done"
    r"|(?:good|great|nice|excellent|lovely) (?:work|job|one|stuff|catch|find|fix)|looks (?:good|"
    r"great|fine|right|perfect|solid)|all good|i'?ve (?:read|checked|reviewed) (?:it|the diff)"
    r"|(?:that is|that'?s|this is) (?:exactly )?what (?:we|i) (?:need|needed|want|wanted)"
    r"|(?:nothing to add|no (?:objections?|complaints?|concerns?|remarks?|changes needed))"
    r"|i(?:'m| am) (?:happy|fine|content) with (?:it|this|that)"
    r"|danke|sieht gut aus|merci|c'est (?:bon|parfait)|s'il te plaît|s'il vous plaît|gracias"
    r"|por favor|perfecto|dziękuję|dzięki|proszę|wygląda dobrze|お願いします|問題ありません"
    r"|🙏|🎉|🚀|🙂|😀|❤)"
)
ASIDE = re.compile(rf"{_PLEASANTRY}(?: {_PLEASANTRY}){{0,2}}")
POLITE = re.compile(r"\b(?:please|pls|plz|kindly|bitte)\b")
CONSENTING = re.compile(
    r"\b(?:approv\w*|lgtm|yes|yep|yeah|ok|okay|go ahead|consent\w*|agreed?|reject\w*|no objections?"
    rf"|{_DO} (?:it|this|that))\b|👍|✅"
)
"""What consent is told with, in whatever sense."""
TURN = re.compile(
    r"\b(?:but|except|however|although|only|once|after|before|until|unless|if|when|provided|without"
    r"|first|also|just|instead|one thing|not|aber|erst|mais|d'abord|pero|primero|ale|najpierw|但)\b"
    r"|ただし"
)
"""Where an utterance turns from consent to what is wanted besides."""
DELAY = re.compile(
    r"(?:wait|hold on|hang on|hold it|(?:one|just a) (?:moment|sec|second|minute)"
    r"|not yet|not now|later|tomorrow|in a (?:bit|while|minute))"
    r"|let me (?:look|check|see|think|read|have a look|sleep)(?: .*)?|i'?(?:ll| will|'m going to)"
    r" (?:look|check|think|have a look|get back|read|come back|decide)(?: .*)?"
    r"|i (?:need|want|have) to (?:think|look|check|sleep|ask)(?: .*)?|(?:i'?m )?in a meeting"
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
    (AGREE, ("approve", "more_attempts")),
    (APPROVE, ("approve",)),
    (REJECT, ("reject", "stop")),
    (STOP, ("stop", "reject")),
    (ENOUGH, ("stop", "reject")),
    (TAKE_OVER, ("take_over",)),
    (NOISE, ("noise",)),
    (MORE, ("more_attempts",)),
)
"""Phrases, and the choices that each can mean."""
