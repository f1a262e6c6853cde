"""What people look at: read in few statements, changed by nobody but the checklists' sign-offs."""
