"""ReLU networks: their record, readers and certified bounds."""
