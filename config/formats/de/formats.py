"""As Django has them, with a comma before the time."""

DATETIME_FORMAT = "j. F Y, H:i"
