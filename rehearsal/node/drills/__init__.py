"""What scripts have to do where something is otherwise than in a rehearsal."""
