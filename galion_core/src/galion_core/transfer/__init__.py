"""The byte mover: from a remote file to proven bytes under their final name."""
