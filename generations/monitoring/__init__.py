"""How the studio fares, for load balancers, supervisors and Prometheus."""
