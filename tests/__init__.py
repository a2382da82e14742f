"""What no single app owns: journeys, the house asking about itself, races, contracts, migrations."""
