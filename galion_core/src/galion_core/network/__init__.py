"""Where connections may go: one policy for libcurl and httpx, judged by the very address."""
