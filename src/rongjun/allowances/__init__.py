"""`allowances`: 抚恤金、生活补助、优待金."""
