"""Payment batches and bank files: three people, one living line for each thing that is owed."""
