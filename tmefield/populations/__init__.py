"""Cell densities as slow variables: what makes them grow, die, change, enter and move, with the cytokines at steady state."""
