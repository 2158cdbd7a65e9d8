"""Jobs on their way: from a URL to published, processed, remembered files."""
