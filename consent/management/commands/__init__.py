"""Commands of `manage.py` about consent."""
