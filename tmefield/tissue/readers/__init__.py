"""One reader a file for the tables that hold cells."""
