"""For those who write steps: the skeleton of a new one, and what is missing of one."""
