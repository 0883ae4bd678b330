"""report.html: a contact sheet of the whole run that opens without a network."""
