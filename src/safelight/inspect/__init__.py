"""Looking inside: what each stage of the pipeline does with the data of a real run, as typed results."""
