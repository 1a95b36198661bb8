"""All types of events that brands receive, with their meanings."""

EVENT_TYPES = {
    "preference.granted": "The person said yes.",
    "preference.denied": "The person said no.",
    "preference.paused": "The person said no until a given time.",
    "preference.pause_ended": "A pause ran to its end; `now` says what stands instead.",
    "preference.expired": "A yes ran out; `now` says what stands instead.",
    "preference.limited": "The person set how often at most; permissions stay as they are.",
    "preference.explained": "The person said afterwards why they had said no.",
    "preference.cleared": "The person took back what they had said on exactly this scope.",
    "relationship.started": "A relationship began; `standing` holds what was said before.",
    "relationship.ended": "The relationship is over: do not contact this person.",
}

#: The event type of each kind of decision.
TYPES_OF_DECISIONS = {
    "grant": "preference.granted",
    "deny": "preference.denied",
    "pause": "preference.paused",
    "limit": "preference.limited",
    "clear": "preference.cleared",
}

#: The event type for the end of each kind of decision that ends by time alone.
TYPES_OF_ENDINGS = {"pause": "preference.pause_ended", "grant": "preference.expired"}
