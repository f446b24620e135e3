"""`make bench`: what capture costs, what a page weighs, how quickly an edit is painted. Ratios of figures from one run."""
