"""What the law asks, for integrators. Only tokens that act in an agent's name: somebody has to answer for it."""
