"""What outlives the process: tables and their migrations. The only SQL of the project."""
