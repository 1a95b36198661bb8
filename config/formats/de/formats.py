"""As Django has them, with a comma before the time, and with its zone."""

DATETIME_FORMAT = "j. F Y, H:i T"
