"""Technical code that all apps share. It has no models and no domain rules."""
