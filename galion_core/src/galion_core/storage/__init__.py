"""What Galion remembers: jobs and records, behind one narrow protocol."""
