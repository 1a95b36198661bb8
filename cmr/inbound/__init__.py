"""What people say to a brand away from our pages: to its mail provider, by text, by mail."""
