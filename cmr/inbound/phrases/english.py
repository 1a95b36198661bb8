"""Phrases by which people ask to stop, in English."""

from __future__ import annotations

from cmr.inbound.phrases.language import Language

ENGLISH = Language(
    keywords="""stop stopp stopall stop2end stop2quit optout revoke""",
    strong="""unsubscribe unsub unscribe unsubscibe""",
    alone="""stap take_me_off cancel end quit remove cease stahp stpo sotp stio stpp tsop sopt
            stoop dtop
        unsubscribing unsubscribed opt_our discontinue delete_me remove_me enough revoked""",
    fillers="""bye goodbye
        please pls plz plese kindly thanks thank you thx ty now it this that these all just
        sms mms text texts txt message messages msg msgs mail email emails newsletter hi hello hey
        ok okay no yes me sir immediately asap already everything my and so from to your list
        cheers again today request guys right""",
    words={
        "dont": "dont do_not never do_not_ever dont_ever not_to",
        "nolonger": "dont do_not no_longer not never did_not didnt",
        "messages": """texts text text_messages txts txt sms message messages messaging msgs mails
            mail mailings mailing email emails newsletter* newsletters newletter* newsleter*
            advertising adverts ads ad marketing promo* offers spam alerts notifications
            subscription* texting calls communication* bulletin* mailers catalogue* circulars
            updates deals contact letters brochure* flyers vouchers coupons junk postings
            correspondence""",
        "send": """text* txt* messag* sms send* email* mail* contact* call* writ* bother* spam*
            harass* pester*""",
        "end": "stop stopp stopping quit cease discontinue halt turn_off switch_off suspend",
        "cancel": "cancel cancelling terminate end",
        "me": """me us my_number my_address my_email my_name my_data my_details my_contact my_phone
            my_mobile my_cell my_inbox this_number this_address this_email this_phone him her them
            his_number her_number his_name her_name his_email her_email his_address her_address
            this_mobile this_account my_digits this_inbox""",
        "remove": """remove removed removing delete deleted drop strike erase take get scrub purge
            exclude leave leaving keep keeping""",
        "list": """list lists database mailing distribution mailings contacts records file files
            system messages newsletter*""",
        "want": "want wish care need consent agree like_to",
        "consent": """consent permission marketing processing authorisation authorization
            agreement""",
        "linkwords": """unsubscribe_link unsubscribe_button unsubscribe_page unsubscribe_option
            optout_link optout_page unsubscribe_form unsubscribing_link""",
        "byhand": """by_hand manually do_it_for_me do_this_for_me do_that_for_me at_your_end
            on_your_end from_your_side do_it_yourselves writing_from""",
        # The sender's own: "unsubscribe my address" is a request, "unsubscribe my brother" is none.
        "own": """email* mail* address* number* phone mobile cell name account* contact* details
            data subscription* newsletter* text* messages inbox""",
    },
    requests=(
        r"{end}(?! by| at) ~ {messages}",
        r"{end} (?:(?:with|all|the|this|these|those|your|me|any|more|further|please) )*{send}",
        r"{cancel} (?:(?:my|the|this|these|all|your|any|of) )*(?:\w+ )?{messages}",
        r"(?:quit|cease) and desist",
        r"{dont} (?:please )?(?:text|txt|message|sms|email|mail|contact|call|write to|spam|bother)"
        r"(?= ;|$| me| us| this| my| here| again| any ?more| for| or)",
        r"{dont} send(?= ;|$| me| us| any| more| this| these| your| to| texts| emails| further)",
        r"no (?:more|further) (?:(?:of|your|these|this|such|any) )*(?:\w+ )?{messages}",
        r"(?<![a-z0-9] )no more(?= pls| plz| please| thanks| thank| ;|$)",
        r"(?<![a-z0-9] )no {messages}(?: please| pls| thanks)?(?= ;|$)",
        r"{remove} ~ (?:off|from|out of) ~ {list}",
        r"(?:remove|delete|erase|exclude|unlist|drop) (?:please )?{me}",
        r"(?:tak|gett?|leav|keep|cross|strik|dropp?|count)(?:e|ing)? {me} (?:off|out)",
        r"(?:wrong number|please|pls|just)(?: ;)? remove(?= ;|$)",
        r"remove from ~ {list}",
        r"{me} ~ (?:removed|deleted|taken off) from ~ {list}",
        r"(?:dont|do not|no longer|didnt|did not|never) {want} ~ {messages}",
        r"(?:dont|do not|no longer) {want}"
        r" ~ (?:contacted|texted|emailed|called|hear from you|receive|get"
        r"|any ?more(?! (?!{messages}|of)\w+)|these|them|it any ?more)",
        r"(?:withdraw\w*|revoke\w*|rescind\w*) ~ {consent}",
        r"object(?:ing|ion)? ~~ (?:marketing|advertising|promotion\w*|processing)",
        r"not have my (?:permission|consent)",
        r"do not call (?:list|registry)",
        r"do not sell",
        r"(?:opt|opting) {me} out",
        r"(?:want|wish|like|trying|tried|try|need|unable|impossible|how|able|asked|cant|cannot"
        r"|please|let me|did|have|already|finally|just|i|you|could|would|to be)"
        r"(?: do| can| i| you| to| already| be)* (?:unsubscribe|unsubscribed|optout)",
        r"(?:unsubscribe|optout)(?: \w+)? (?:me|us|from|this|my|of)",
        r"leave (?:me|us) alone",
        r"lose (?:my|this) number",
        r"turn (?:these|this|those|them|it) off",
        r"(?:fuck|piss|bugger|sod|bog) off",
        r"(?:you|it|this|that|they) (?:never|dont|wont|do not|does not|doesnt|will not) stop",
        r"(?:make it|make this|make these|please make them|must|should|has to|have to|needs to"
        r"|can you|will you|wont you|could you|would you|i said|i asked you to) stop(?= ;|$)",
        r"(?:wish|like|want|ask) ~ to stop (?:getting|receiving)",
        r"i (?:dont|do not|cant) stop getting",
        r"want (?:off|out)(?= ;|$| of| this| your| now)",
        r"(?:unsubscrib|unsubscription)\w* from ~ {list}",
        r"(?:never|not) (?:ever )?(?:want|wish) to (?:hear|get|receive|be)(?! from you again soon)",
        r"never ~ {send} ~ again",
        r"not to (?:be )?(?:contact\w*|text\w*|call\w*|email\w*|send)",
        r"(?:must|should|may) not (?:contact|text|email|call|write|send)",
        r"(?:forget|delete|lose|bin) (?:my|this) (?:number|email|address)",
        r"(?:knock it off|cut it out|enough already|make it stop|go away)",
        r"(?:sick|tired|fed up) ~ {messages} ~ stop",
        r"no longer (?:require|interested)",
        r"(?<![a-z0-9] )(?:im |i am )?not interested(?= ;|$| thanks| thank)",
        r"refrain from ~ {send}",
        r"(?<![a-z0-9] )(?:stop|unsubscribe|optout) (?:or|before|because|as|immediately|now|at"
        r" once)",
        r"(?:stop|unsubscribe) (?:stop|unsubscribe)\b",
        r"(?:suppression|do not contact|opt ?out) list",
        r"report you to (?:the )?(?:ico|fcc|ftc|regulator|authorit\w+)",
        r"(?:rather|prefer|like) (?:not to|not|to not) (?:hear|receive|get|have|be sent) ~ "
        r"(?:from you"
        r"|{messages}|any ?more|these|those|them)",
        r"{dont} (?:\w+ )?(?:follow up|reach out|get in touch|pitch me|chase me|try again)"
        r"(?= again| any ?more| further| in future| ;|$| with me| with us| to me| to us)",
        r"(?:switch|turn|shut) (?:that|these|those|them)(?: one| ones| lot| all)? off",
        r"(?:receive|get|have|see) none of (?:it|them|these|those|this|your)",
        r"(?:see to it|make sure|ensure) ~~ (?:last one|last i|the last|never again)",
        r"{linkwords} ~~~ {byhand}",
        r"(?<![a-z0-9] )(?:but |just )?not (?:the|your) (?:\w+ )?(?:marketing|promo\w*"
        r"|newsletter\w*"
        r"|offers|adverts|ads)(?= ;|$)",
        r"consider (?:\w+ )?correspondence ~~~ (?:closed|over|ended|finished)",
        r"{consent} ~ (?:withdrawn|revoked|no longer valid|expired)",
        r"spare (?:me|us) (?:the|your|these|any|this|all) (?:\w+ )?(?:{messages}|stuff)",
        r"(?:wish|want|like|prefer|ask) ~ (?:to be )?left (?:alone|in peace)",
        r"(?:no|without any) (?:wish|desire|interest|need|intention) (?:to|in|for) ~ (?:receiv\w*"
        r"|get\w*|hear\w*|{messages})",
        r"(?:can|could) do without ~ {messages}",
        r"(?:spare|save) your(?:self|selves)? (?:the |your )?(?:trouble|bother|effort|postage"
        r"|stamps?|time|money|breath)",
        r"consider (?:me|us) (?:unsubscribed|out|gone|optout|removed)",
        r"consider (?:this|it) (?:as )?(?:my|our|an?) (?:\w+ )?(?:optout|unsubscription"
        r"|unsubscribe|removal|objection|withdrawal)",
        r"(?:confirm|process|arrange|arrange for|request|requesting|register|effect) (?:the |my "
        r"|our |an? |immediate )*(?:removal|unsubscription|optout|erasure|deletion)(?= ;|$| of my"
        r"| of our| of this| of me| from| at| as| please| immediately)",
        r"(?:come|get|be) off ~ (?:list|lists|mailing|mailings|database)",
        r"(?:would like|want|wish|ask|asked|asking|like|need) to be (?:removed|taken off|deleted"
        r"|erased|unlisted)(?! from (?:the |my )?(?:order|waiting))",
        r"get rid of {me}",
        r"{dont} send (?:him|her|them|it|my(?: \w+)?|anyone) ~ {messages}",
        r"(?:dont|do not|no longer|never) include {me} in ~ (?:{messages}|{list})",
        r"(?:scratch|cross|wipe|clear) {me} (?:from|off|out)",
        r"(?:give it a rest|pack it in|put a sock in it|give over|jog on|do one)(?= ;|$| with| "
        r"please| now| already| mate| will)",
        r"(?<!get )(?<!got )enough (?:with|of) (?:(?:the|your|these|this|all) )+(?:\w+ "
        r"){0,2}?{messages}",
        r"enough {messages}(?= ;|$| now| please| already)",
        r"enough is enough",
        r"no more of (?:this|these|that|your|it|them)",
        r"nothing (?:further|more|else) (?:from you|please)(?= ;|$| please| thanks| thank)",
        r"(?:may|must|can) (?:not|no longer) use {me} ~ {messages}",
        r"(?:forbid|prohibit) ~~ (?:{messages}|my(?: \w+)?|{send})",
        r"(?:erase|delete|remove) (?:all |any |the )*(?:personal )?(?:data|information|details"
        r"|records?) ~ (?:me|us|{messages})(?= ;|$| for)",
        r"(?:make sure|ensure|see that|see to it that) (?:i|we) (?:dont|do not|never|no longer) "
        r"(?:get|receive|hear)",
        r"(?:these|this|they|it|{messages}) (?:would|could|should|must|to) (?:now |please "
        r")?(?:cease|stop|end)(?= ;|$| now| at once)",
        r"{messages} ~ (?:unwanted|unwelcome|not wanted|not welcome)",
        r"unwanted {messages}",
        r"no use for ~ {messages}",
        r"no (?:point|use|need|sense) (?:in |for you )?(?:to )?(?:\w+ )?(?:send|sending|writ\w+"
        r"|email\w*|text\w*|contact\w*|mail\w*) (?:me|us|these|this|any|more|offers|to)",
        r"keep your (?:\w+ )?{messages} ~ (?:away|to yourself|to yourselves)",
        r"(?<![a-z0-9] )(?:kindly |please )?desist",
        r"(?:can|could|would|will|please|pls|just|better) (?:\w+ )?(?:please )?not (?:be "
        r")?(?:text|txt|email|mail|message|call|contact|send|texting|emailing|sending|calling)\w* "
        r"(?:me|us)(?! (?:before|after|at|during|until|between|on|the|my))",
        r"would you mind not {send}",
        r"stop w (?:\w+ )?{messages}",
        r"{nolonger} (?:want|wish) to be on (?:your|this|any|the) (?:\w+ )?{list}",
        r"{nolonger} (?:want|need) (?:anything|any of (?:it|this|that|these)|it)(?: \w+)?(?= ;|$| "
        r"from you)",
        r"wasted on me",
        r"(?:get|getting|receive|receiving|got) (?:them|these|this|those|it|{messages}) ~ "
        r"(?:unsubscribed|optout|opted out)",
    ),
    opposites=(
        r"(?<!\bwhy )(?<!\byou )(?<!\bu )(?<!\bthey )(?<!\bthese )(?<!\bthis )(?<!\bit )"
        r"(?<!\btexts )(?<!\bmessages )(?<!\bemails )(?<!\bthat )"
        r"{dont}(?: you dare| ever| please)?(?: to)? (?:stop|unsubscribe|optout|cancel|quit|end"
        r"|remove|delete|take|leave|drop|erase)\b(?! (?:getting|receiving|it again))",
        r"(?:dont|do not|never|wouldnt|would not|didnt|did not) (?:want|wish|mean|meant|intend|like"
        r"|need|plan|wanna)(?: you| it| this| them| us)? (?:to|be|to be)"
        r" (?:text |say |send |lose |miss )?(?:stop|unsubscribe\w*|optout|cancel|quit|end|leave"
        r"|removed|lose|miss)",
        r"(?:love|like|enjoy) (?:it|this|them|these|you) (?:so )?(?:please )?{dont} stop",
        r"(?<!\byou )(?<!\bthey )(?<!\bit )\b(?:cant|cannot|can not|couldnt|could not|wont|will"
        r" not)"
        r" stop(?! (?:getting|receiving|these|those|the|your|them|this|you))",
        r"(?:why )?(?:did|have|has|why do|why are) (?:you|u|they|it)(?: guys| all)? stop(?:ped)?",
        r"why (?:would|should) (?:i|anyone|anybody)",
        r"(?:glad|happy|good thing|hope) (?:that )?(?:i|you) (?:never|didnt|dont|did not)",
        r"(?:bus|train|tram|metro|subway|next|last|first|one|non|full|pit|rest|door|tour|short|f"
        r"|delivery|lunch|truck) stops?",
        r"(?:to|at|from|of|your|my|the|a|every) stop(?= ;|$| (?:on|at|in|is|was|near))(?<!to stop)"
        r"|(?<![a-z0-9] )(?:when|where|what time|which|how often|does|do|did)"
        r" (?!you |i |they |these |this )(?:\w+ ){1,4}stops?",
        r"stop(?:s|ped|ping)? (?:by|over|off|sign|in|at|water|light|watch|motion|press|the car"
        r"|working|smiling|laughing|crying|thinking|talking|eating|buying|playing|listening)",
        r"stop it (?:; )?(?:you|youre|ur|haha|lol|i love)",
        r"(?:get|getting|got|receive|receiving|received|have|had|are|were|been) no (?:more"
        r"|further)",
        r"(?:you|they|why|has|have|he|she|it) (?:dont|do not|never|didnt|did not)"
        r" (?:text|message|email|send|call|contact)(?: \w+)* (?:any ?more|lately|back)",
        r"{dont} (?:text|message|email|call|contact|send|write to)(?: me| us)?(?: \w+){0,2}"
        r" (?:before|after|at|during|while|until|between|today|tonight|tomorrow|till)\b",
        r"{remove} ~ from (?:the |my |this )?(?:order|invoice|booking|basket|cart|account|profile"
        r"|photo|waiting|waitlist)",
        r"no (?:emails?|texts?|messages?|sms) (?:since|from you|for|yet|arrived|came|received)",
        r"(?:any|is there a|where is the|find the|love the|no) (?:unsubscribe|optout) (?:option)",
        r"stop sending (?:parcels?|packages?|orders?|goods)",
        r"{dont} {want} ~ (?:receipt|invoice|confirmation|ticket|copy)",
        r"cancel ~ subscription box",
        r"unsubscribe (?:rates?|numbers?|page(?! \w+ \w+)|figures)",
        r"(?:unsubscribe|optout|deregister) (?:my|our|his|her|the|a)"
        r" (?!(?:\w+ ){0,2}{own})\w+",
        r"(?:unsubscribe|deregister) (?:\w+ ){0,4}?from (?:\w+ ){1,3}?(?:plan|course|class|team"
        r"|trial"
        r"|lesson\w*|rota|race|trip)(?! {messages})",
        r"how (?:do|can|should|to)(?: i| we)? (?:remove|delete) (?:him|her|them|a|an|someone|my"
        r"|our)",
        r"(?:thinking (?:about|of)|considering|almost|nearly|tempted to|might) (?:\w+ "
        r")?unsubscrib\w*",
        r"{cancel} (?:\w+ ){0,3}?(?:gym|phone|mobile|newspaper|magazine|paper|broadband|tv"
        r"|insurance|premium|paid"
        r"|software|licence|license|box|meal|energy) (?:subscription|plan|contract)",
        r"(?:to|will|would|can|could|nothing|someone|somebody|not) stop (?:me|us|her|him)\b(?!"
        r" getting)",
        r"(?:i|we) (?:have |had )?(?:never|didnt|did not|havent) (?:unsubscribed?|optout)",
        r"(?:or|otherwise|else) (?:ill|i will|im|well|we will|i) (?:\w+ )?(?:unsubscrib\w*|optout)",
        r"before (?:i|we) (?:\w+ )?(?:unsubscrib\w*|optout|cancel)",
        r"(?:unsubscribed|optout) from (?:all )?(?:the |every)?(?:other\w*|your competitor\w*"
        r"|everyone|everything|everybody|most)",
        r"(?:when|once|after) (?:i|you|we) (?:unsubscribe|optout) from ~ (?:gym|class|course|plan"
        r"|service)",
        r"(?:promised|vowed|swore|threatened|bet|joked) (?:\w+ ){0,3}?(?:to |id |i would |that "
        r")(?:\w+ )?(?:unsubscrib\w*|optout|leave|cancel)",
        r"told my \w+ to",
        r"stop sending (?:me |us )?(?:the )?(?:wrong|\w+ ones)",
        r"{dont} (?:send|deliver|post) (?:the |my |any )?(?:parcels?|packages?|orders?|deliver\w+)",
        r"take me off the (?:\w+ ){0,2}?(?:slot|rota|shift|guest list|booking|table|flight|bus"
        r"|team|pm|am|bill)",
        r"turn off (?:the |these )?notifications? (?:sound|in the|in my)",
        r"(?:dont|do not) want it (?:in|with|to|on|delivered|sent|too|that)",
    ),
    asides=(
        r"(?:by mistake|by accident|accidentally|mistakenly|meant (?:to )?(?:\w+ )?start|put me"
        r" back|sign me (?:back )?up|resubscribe|re add me|add me back)",
        r"(?:(?<!grateful )(?<!glad )(?<!obliged )(?<!thankful )(?<!great )(?<!nice "
        r")(?<!appreciate it )if you (?:no longer|do not want|do not wish|dont want|dont wish"
        r"|would"
        r" (?:like|prefer)|wish to|want to|prefer not)|to "
        r"unsubscribe (?:from|please|click|reply)|click (?:here|unsubscribe|the link|on)|reply stop"
        r"|text stop|txt stop|you (?:may|can) unsubscribe|unsubscribe (?:at any time|here"
        r"|link(?![\w ;]*{byhand})|any ?time))(?! me| us)",
        r"(?:^|; )(?:if|unless|should|once|when) (?!possible|i may)[\w ;]{1,200}?\b(?:ill|i will|im"
        r"|i am|well|we will|i might|i may|i would|id) (?:\w+ )?(?:unsubscrib\w*|optout|leav\w+"
        r"|cancel\w*)",
        r"(?:put|add|get) me back|back on (?:the|your) (?:\w+ )?list",
        r"(?:turn off|manage|change|disable|mute) (?:these |your )?(?:notifications|alerts"
        r"|preferences) (?:in|at|here)",
        r"waiting ?list|waitlist",
        r"old (?:address|number|email)[\w ;]{1,80}new (?:one|address|number|email)",
    ),
    start="start unstop optin subscribe resubscribe",
    help="help info",
)
