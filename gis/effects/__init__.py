"""Did it work: differences in differences, displacement, and weeks out of the ordinary, with sentences for each."""
