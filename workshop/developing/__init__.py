"""For authors of steps: the skeleton of a new one, and what a step still lacks."""
