"""What was fetched: the catalogue, what can be searched about it, and how it hangs together."""
