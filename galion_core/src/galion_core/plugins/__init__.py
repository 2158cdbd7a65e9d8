"""Plugins: found by metadata alone, loaded one by one, called one by one, so that each fails alone.

``discovery`` gives ``records`` of what ``metadata`` says, or what is ``remembered`` of it;
``manager`` loads them by way of ``loading`` and ``checks``; ``dispatch`` calls the hooks, takes
their ``answers`` and keeps ``faults``; ``platforms`` ranks who gets a URL.
"""
