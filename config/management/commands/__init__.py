"""Commands of `manage.py` about the installation."""
