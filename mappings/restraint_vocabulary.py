"""The words by which `restraint_words` reads a daily-log entry. Patterns expect lower case and "yp" for initials."""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_HOLD = r"(?:hold|holds|held|holding)"
_DETERMINER = r"(?:the|a|an|his|her|their|my|our|your|some|this|that|these|those|its|any|another|\w+'s|\w+s'|\d+)"
_AFTER_PERSON = (
    r"(?:for|until|till|while|whilst|so|as|in|on|by|from|to|and|with|at|down|back|again|off|tight|tightly|when|"
    r"because|"
    r"during|after|safe|safely|there|still|firmly|gently|briefly|against|x)"
)
_PERSON = (
    rf"(?:him|her(?! \w)|her(?= {_AFTER_PERSON}\b)|them|both|us|me|yp|child|children|boy|boys|girl|girls|lad|lads|"
    r"young (?:person|people|man|woman|lady)|resident|residents)"
)
_LIMB = (
    r"(?:arms?|wrists?|hands|legs?|elbows?|shoulders?|body|torso|waist|feet|ankles?|clothing|clothes|jumper|hoods?|"
    r"hoodie|"
    r"coat|jacket|sleeves?|collar|shirt|t-shirt|top)"
)
_CHILD = rf"(?:him|her(?! \w)|her(?= {_AFTER_PERSON}\b)|them|yp)"
_LEVEL = r"(?:low|lower|medium|high|higher)(?:[- ]level)?"
_COUNT = r"(?:one|two|three|four|single|double|1|2|3|4)[- ]?(?:person|man|staff|adult|elbow)?"
_KIND = (
    r"(?:safe|safety|standing|seated|sitting|supine|prone|kneeling|ground|floor|wrap|t-?wrap|wall|restrictive|"
    r"physical|"
    r"restraint|cpi|mapa|price|team[- ]teach|cupped fist|fist|elbow|arm|figure of (?:four|4)|bear|containment|brief|"
    r"short|"
    rf"full|therapeutic|{_LEVEL}|{_COUNT})"
)

STRONG = _any(
    r"\brestrain(?:ed|ing|t|ts|s)?\b",
    r"\b(?:physical|safety|restrictive(?: physical)?) (?:interventions?|practices?|holds?)\b",
    r"\bphysically (?:interven|prevent|stop|remov|mov|held|hold|guid|restrict)\w*|\b(?:intervened|stopped|prevented|"
    r"removed) "
    r"(?:\w+ )?physically\b",
    r"\br?pi\b",
    r"\bhands?[- ]on\b|\b(?:put|putting|laid|lay) (?:my |our |their )?hands on\b",
    rf"\b{_KIND} (?:\w+ )?(?:holds?|holding(?: techniques?)?|embrace|escort|elbow|restraint|position|wrap|"
    rf"hug hold)\b",
    r"\bteam[- ]?teach\b|\bmapa\b|\bcpi\b|\bt-?wrap\b|\bfigure of (?:four|4)\b|\b(?:single|double) elbow\b|"
    r"\belbow escort\b",
    r"\bdisengagements?\b|\bdisengag(?:ed|ing) (?:\w+ )?from (?:a |an |the |his |her |their |yp's )?(?:\w+ )?"
    r"(?:hair|wrist|arm|grab|grip|bite|clothing|hold|strangle|neck|body|lanyard|clinch|head|punch|kick|pull)",
    r"\bbreak[- ]?away\b|\bbite release\b|\bhair[- ]pull release\b",
    r"\bpinned\b|\bto the (?:floor|ground) by\b|\b(?:brought|taken|took|put|placed|guided|lowered) (?:\w+ ){0,3}?"
    r"(?:to|on) the (?:floor|ground)\b",
    r"\b(?:he|she|yp|they) (?:was|were|had to be|needed to be) (?:\w+ly )?(?:carried|dragged|lifted|pulled|marched|"
    r"grabbed|bear[- ]hugged|hugged tightly)\b",
    rf"\b(?:lifted|dragged|carried|grabbed|pulled|bear[- ]hugged) {_CHILD}\b",
    rf"\bby (?:the|his|her|both|their) (?:\w+ )?{_LIMB}\b",
    r"\bwrapped (?:my|his|her|their|our) arms\b|\barms (?:a)?round (?:him|her|them|yp)\b",
    r"\bheld (?:by (?:\w+ ){0,2}(?:staff|adults?|workers?|members?)|down\b)",
    # As it is typed at three in the morning.
    r"\b(?:restrain|restran|restrian|restarin|restain|restrein|resrtain|resrain)n?t?(?:ed|ing|s)?\b",
    # By other names, and by what staff did.
    r"\b(?:safe|positive) handling\b(?! plans?\b)|\bpmva\b|\bnappi\b|\bfrog[- ]?march\w*|\blocked in a (?:\w+ )?hug\b",
    r"\bus(?:e|ed|ing) (?:of )?(?:reasonable |minimum |minimal |some )?force\b|\bforce (?:was|had to be) used\b|"
    r"\bby force\b(?! of)|\bagainst (?:his|her|their|yp's) will\b",
    r"\b(?:prevented|stopped|moved|removed)(?: \w+){0,3} physically\b",
    rf"\b(?:staff|adults?|i|we) (?:\w+ )?(?:grabbed|gripped|grasped|seized) (?:(?:both|his|her|their|yp's) ){{1,2}}"
    rf"(?:\w+ )?{_LIMB}\b",
    rf"\b(?:sat|sitting|knelt|kneeling) on (?:top of )?(?:{_CHILD}|(?:his|her|their|yp's) (?:back|chest|legs?|stomach|"
    r"head|neck))\b(?! to (?:sleep|read))",
    r"\b(?:lay|laid|lying|leant|leaned) (?:across|on top of) (?:him|her|yp|their|his|yp's)\b",
    rf"\b(?:staff|adults?|i|we) (?:had|kept|got) {_CHILD} (?:down )?on the (?:floor|ground)\b",
    r"\bheadlock by (?:\w+ )?(?:staff|adults?)\b|\b(?:staff|adults?) (?:\w+ ){1,4}headlock\b",
)
"""Speaks of a hold by itself."""

WEAK = _any(rf"\b{_HOLD}\b")
"""Speaks of a hold, once `OTHER_HOLDS` are taken out."""

_EVENT = (
    r"(?:meetings?|reviews?|part(?:y|ies)|contact|events?|evenings?|sessions?|money|cash|places?|funds?|conference|"
    r"panel|"
    r"hearing|assembly|interviews?|visits?|quiz|disco|bbq|barbecue|course|training|clinic|medication|items?|property|"
    r"records?|election|vote|ceremony|service|funeral|tournament|match|fair|sale|celebration|discussion|talks?|drill|"
    r"appeal|trial|ballot|auction|service|inquest|raffle|lunch|dinner|supper club|supervision|handover|debrief|file|"
    r"files|data|information|keys?|valuables|passport|show|concert|competition|lac)"
)
_NO_PERSON = r"(?: (?!(?:he|she|they|yp|staff|we|i|who|him|her)\b)[\w/.:-]+)"

_VENUE = (
    r"(?:school|college|court|church|(?:the|our|his|her|their) (?:[\w']+ ){0,2}?(?:offices?|centre|school|college|"
    r"hall|club|church|court|library|theatre|stadium|venue|museum|chapel|pub|restaurant|site))"
)

OTHER_HOLDS = _any(
    # Idioms.
    r"\bon hold\b|\bhold music\b|\bheld up\b|\bhold(?:s|ing)? up\b|\b(?:held|hold|holding|holds) (?:off|over|out|"
    r"forth|court|"
    r"true|firm|good|fast|hostage|still|tight|accountable|responsible|hands|fire|water|steady|music|post|calls|"
    r"mail)\b",
    rf"\b{_HOLD} it\b|\bhold (?:the front page|the line|that thought|your horses)\b",
    r"\bhold on\b(?! to (?:him|her|them|yp))|\b(?:held|holding|holds|hold) on ?to (?!(?:him|her|them|yp)\b)\w+|"
    r"\bholding on\b(?! to)",
    rf"\b(?:held|holding|hold) {_PERSON} (?:in mind|in high|to account|to (?:it|that|his|her|their) |back (?:for|"
    rf"a year|after))",
    r"\b(?:held|hold|holding) (?:in (?:mind|high|great|abeyance|contempt|reserve|trust|stock)|space|conversations?|"
    r"discussions?|meetings?|hope|views?|back (?:tears|laughter|information))\b",
    r"\b(?:held|hold|holding) back (?:the |his |her |their |a )(?:tears|laughter|information|giggle|smile|money|"
    r"laugh)",
    r"\b(?:gets?|getting|got|gotten) (?:a )?hold of (?!(?:his|her|their|yp's|both) (?:\w+ )?(?:arm|wrist|hand|"
    r"leg)s?\b)",
    # A hold of, on or over a thing.
    rf"\bholds? (?:of|on|over) (?:{_DETERMINER} )?(?!(?:\w+ )?(?:{_LIMB})\b)(?!(?:{_PERSON})\b)\w+",
    # Holding hands, and holding a thing.
    rf"\b{_HOLD} (?:(?:{_DETERMINER}|each other's|\w+) ){{0,2}}hand\b(?! (?:firmly|down|back|to (?:stop|prevent)|"
    rf"so))",
    rf"\b{_HOLD} (?:back |down )?(?!\d+ (?:mins?|minutes?|secs?|seconds?)\b){_DETERMINER} "
    rf"(?!{_AFTER_PERSON}\b)(?!(?:[\w'-]+ )?{_LIMB}\b)(?!(?:\w+ )?{_PERSON}\b)"
    r"[\w'-]+",
    rf"\b{_HOLD} (?:onto|to) {_DETERMINER} (?!(?:\w+ )?{_LIMB}\b)(?!{_PERSON}\b)\w+",
    # In custody, or in hospital for the night.
    rf"\bpolice(?: (?:have|had|officers|then|also)){{0,2}} {_HOLD} {_CHILD} (?:overnight|for (?:questioning|interview)|"
    r"(?:in|at) (?:\w+ ){0,3}?(?:custody|cells?|station|hospital))\b",
    r"\bheld (?:overnight|in hospital (?:overnight|under)|(?:in|at) (?:\w+ ){0,3}?(?:custody|cells?|police station))\b",
    # What is held is an event or a thing.
    r"(?<!to )\bholds? (?:him|her|them) back\b(?! from)",
    rf"\b{_EVENT}\b,?{_NO_PERSON}{{0,6}}? ?\b(?:held|hold)\b|\bheld (?:at {_VENUE}|on (?:teams|zoom|\w+day(?! by)|"
    rf"the \d)|via|online|"
    rf"with (?:the )?(?:family|parents|school|police|camhs))|"
    r"^(?:\w+ )?held (?:at|on|in) (?:school|teams|\w+day(?! by))",
    rf"\b(?:was|is|were|are|be|been|being) held (?:in the (?:safe|office safe|petty cash)|"
    rf"{_NO_PERSON}{{0,3}} account)\b",
)
"""A hold, but not of a child."""

OTHER_SENSES = _any(
    r"\b(?:house|share|free|lease|strong|foot|thresh|with|hand|toe|choke)holds?(?:ers?|er|ing)?\b(?<!chokehold)|"
    r"\bholdalls?\b|"
    r"\bthreshold\w*|\bholders?\b|\buph(?:old|eld)\w*|\bwithh(?:old|eld)\w*|\bbeh(?:old|eld)\b",
    r"\b(?:seat|head|car|harness)[- ]?(?:belt )?restraints?\b|\brestraint (?:belt|strap|harness|seat|chair|"
    r"system)\w*",
    r"\b(?:show(?:ed|s|ing|n)?|exercis(?:ed|ing)|with|great|good|real|much|lots of|more|some|admirable|remarkable|"
    r"amazing|such) "
    r"(?:great |good |real |much |admirable |remarkable |amazing |such )?(?:self[- ])?restraint\b(?! (?:was|used))",
    r"\bself[- ]restraint\b|\brestrain(?:ed|ing|s)? (?:him|her|them|my|your)sel(?:f|ves)\b",
    r"\brestrain(?:ed|ing|s)? (?:his|her|their) (?:temper|anger|tongue|emotions?|feelings?|language|excitement|"
    r"impulses?|urge)\b",
    r"\b(?:budget|financial|time) restraints?\b|\bhands[- ]on (?:activity|activities|learning|learner|workshop|"
    r"lesson|session|"
    r"experience|science|approach|cooking|help)\b",
    r"\bpinned (?:to|on|up|the|a|his|her) (?:the )?(?:noticeboard|notice|board|wall chart|poster|picture|drawing|"
    r"list|menu|badge)?",
    r"\bbreak[- ]?away (?:for|to|from (?:the )?(?:group|pack|tour))\b",
    r"\b(?:held|hold|holds|holding) down (?:a|his|her|their|the) (?:\w+ )*?(?:job|role|work|interview|placement|"
    r"fort)\b",
    # A child takes hold of an adult.
    rf"\b(?:grab(?:bed|s|bing)?|pull(?:ed|s|ing)?|held) (?:onto )?(?:staff|me|us|a (?:member of staff|staff member|"
    rf"worker|teacher)|the (?:manager|worker|teacher|cook)) (?:by|round|around) (?:the |my |his |her |their )?(?:\w+ )?"
    rf"{_LIMB}\b",
    rf"\b{_HOLD} hands\b|\b(?:hold|holding) (?:his|her|their|my) (?:coat|jacket|hoodie|jumper)\b",
    rf"\b{_HOLD} (?:\w+ )?(?:him|her|my|your|it|them|our)sel(?:f|ves)\b|\b{_HOLD} on (?:tight|tightly|"
    rf"for dear life)\b",
    r"\b(?:held|hold|holding|holds) back\b(?! (?:from|by|him|her|them|yp)\b)(?! (?:as|because|while|to stop) (?:he|"
    r"she|yp|they))",
)
"""What looks like restraint and is something else."""

_TALK = (
    r"(?:spoke|spoken|speaking|talk(?:ed|ing|s)?|discuss(?:ed|ion|ing)?|conversation|key ?work|debrief(?:ed)?|"
    r"reflect(?:ed|ing|ion)?|letter|complaint|chat(?:ted)?|question|questions|views|feelings|feels)"
)

_SUBJECT = r"(?:he|she|yp|they|was|were|had to|needed)"
_PLAN = r"(?:(?:care|behaviour|behaviour support|safety|support|placement|positive behaviour) plan|bsp|risk assessment)"
_LESSON = (
    r"(?:training|trainers?|refreshers?|courses?|certificat\w+|e-?learning|workshops?|instructors?|polic(?:y|ies)|"
    r"procedures?|"
    r"templates?|leaflets?|logs?|records?|books?|register|reduction|data|figures)"
)

NOT_NOW_BEFORE = _any(
    rf"(?<!per )(?<!with )(?<!the usual )\b(?:{_PLAN}|{_LESSON}|team meeting|staff meeting|handbook|"
    rf"statement of purpose)\b"
    rf"(?!.*\b{_SUBJECT}\b).*$",
    r"\b(?:attend(?:s|ed|ing)?|booked (?:on|onto|for|in)|enrolled (?:on|in)|qualified in|complete|"
    r"trained in) (?:(?!and\b|when\b|after\b)\w+ )?$",
    r"\b(?:last resort|remind(?:ed|er)|may|might|may be|worr(?:y|ies|ied)|anxious|in case|what|what happens if|"
    r"would (?:be|happen|have to)|asked if|afraid|scared of|if)\b(?: [\w']+){0,8} $",
    r"\b(?:discussed|reviewed|reflected on) (?:the |his |her |their |use of )?(?:\w+ )?$",
    r"\b(?:may|should|can|could|will|would) (?:only )?(?:use )?(?:a |the )?$",
    rf"\b{_TALK}\b(?: [\w.']+){{0,8}}? (?:about|on|over|regarding|following|around|re)(?: [\w']+){{0,5}} $",
    r"\b(?:yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day|last (?:week|month|year|night|weekend))'s (?:\w+ )?$",
    r"\b(?:last|previous|old|former) (?:placement|home|school|unit)\b.*$",
    r"\b(?:number|figures|records?|log) of (?:all )?$|\b(?:on the news|on tv|in (?:the|a) film)\b.*$",
)
"""Before a hold: the clause plans, teaches, worries about or looks back at it."""

NOT_NOW_AFTER = _any(
    rf"^\w*(?: (?!(?:in|as|per|under|following|with|and|after|by|before|at|on|to|was|"
    rf"were)\b)[\w-]+){{0,2}}? {_LESSON}\b",
    rf"^\w* and (?:[\w-]+ ){{1,2}}{_LESSON}\b",
    r"^\w*(?: \w+){0,2}? (?:(?:only )?as a last resort|may|might|could|can|should)\b",
    r"^\w*[- ]free\b|^\w* (?:should|if) (?:needed|required|necessary|he|she|yp|they|there)\b",
    r"^.*\b(?:agreed technique|on the news|on tv|in (?:the|a) film|(?:last|previous|old|former) (?:placement|home|"
    r"school|unit))\b",
)
"""After a hold, the same."""

_FILLER = (
    r"(?:need|needs|needed|needing|have|has|had|having|to|for|any|a|an|the|use|uses|used|using|physical|physically|"
    r"further|"
    r"been|be|being|is|was|were|require|requires|required|requiring|resort|resorting|type|types|form|forms|of|kind|"
    r"more|other|"
    r"incident|incidents|intervention|interventions|restraint|restraints|restrained|hold|holds|held|hands|on|safety|"
    r"restrictive|sanction|sanctions|injuries|accidents|complaints|missing|episodes|or|and|nor|staff|him|her|them|"
    r"yp|adults|"
    r"safe|standing|seated|team[- ]teach|mapa|cpi|low[- ]level|medium[- ]level|high[- ]level|"
    r"actually|ever|once|at|all|necessary|put|placed|in|into|get|getting|got|force|forced|whatsoever|whatever|near|"
    r"close|come|came|even|feel|felt|it)"
)
_NEGATOR = (
    r"(?:no|not|never|nor|neither|without|nobody|no one|none|nil|zero|0|avoid|avoided|avoiding|prevented|instead of|"
    r"rather than|free of|free from|minus|\w+n't|(?:did|does|was|is|were|have|had|has|would|could)nt|cannot|didnt|"
    r"wasnt)"
)
DENIED_BEFORE = re.compile(rf"\b{_NEGATOR}[ ,]+(?:(?:{_FILLER}|{_NEGATOR})[ ,/&]+)*$")
DENIED_AFTER = re.compile(
    r"^(?:[ :=-]+[a-z]+\b){0,2}?[ :=-]*(?:\b(?:was|were|is|are|has been|had been|be)? ?\b(?:not|never)(?: been)? ?"
    r"(?:needed|required|used|necessary|applied|considered)\b|\b(?:was|were)(?:n't|nt) (?:needed|required|used|"
    r"necessary)\b|"
    r"\bunnecessary\b|\bavoided\b|\b(?:none|nil|zero|n/a|0)\b(?! ?(?:min|sec|:))|[ :=-]no\b(?! (?:choice|option|"
    r"other)))"
)
NO_DENIAL = re.compile(
    r"\b(?:no (?:other )?(?:choice|option|alternative|warning)|without (?:any )?warning|not only|(?:no|"
    r"not) (?:injur\w+|marks?|hurt)|"
    r"(?:could not|couldn't|unable to)(?= (?:hold|restrain)\b.*\b(?:longer|more|anymore)\b))\b"
)
"""Sounds like a denial, and denies something else."""

CLAUSE_END = re.compile(
    r"[.](?=\s|$)|[;!?\n]|(?<=avoided),|,? \b(?:but|however|although|so|then|until|till|because|as|after which) |"
    r", (?:and|who) | - "
)

INITIALS = re.compile(
    r"\b(?!(?:PI|TV|SW|OK|CP|AM|PM|UK|ID|TA|RM|DM|GP|PC|IT|NO|SI|MH|HV|LA|DT|PE|RE)\b)[A-Z]{2}\b"
    r"|\b[A-Z]\. ?[A-Z]\b(?:\.(?!\s+[A-Z][a-z]))?\d?"
)
"""A child's initials stand for "the young person"; capitals that mean something else stay."""
