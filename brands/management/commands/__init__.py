"""Commands of `manage.py` about brands."""
