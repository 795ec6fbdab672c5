"""What each command does, one module a command. ../cli.py says what can be typed."""
