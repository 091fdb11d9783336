"""What the field app stands on: sightings, checklists, what is due, what a shift takes along, and the outbox."""
