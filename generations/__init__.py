"""The work: generations, their dispatch to Meigen, their results, sharing."""
