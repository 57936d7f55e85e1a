//! What a level states about itself, tried: documented figures, counterfactuals, and what is tried with every level.
