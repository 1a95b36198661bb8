"""What all apps stand on: no models, no domain."""
