"""What the office does with schools: grounds, perimeters, gates, timetables.

A school is one record with its campuses, gates, dismissals and perimeter: its version counts the changes of them all,
and is the ``ETag`` of each of its addresses.
"""
