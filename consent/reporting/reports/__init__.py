"""What admins and brands read: each report is a page of figures, by whichever door it is read."""
