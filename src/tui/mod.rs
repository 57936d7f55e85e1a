//! Draws an incident and turns keys into console lines. The only place with a wall clock and a terminal.
