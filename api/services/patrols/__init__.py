"""After-school patrols: where teams may stand, who stands where, and the plan as a file."""
