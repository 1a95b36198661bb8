"""Tags and filters of templates for consumers and the console."""
