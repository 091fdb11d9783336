"""Joint actions (专项行动): planned together, followed while they run, and measured afterwards."""
