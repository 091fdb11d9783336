"""Cases: the closed loop from report to verified end (GB/T 30428)."""
