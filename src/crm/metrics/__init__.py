"""What Prometheus is told: counted from what is stored, so that restarts and several processes agree."""
