"""What is done with the machine itself: children that never outlive us, folders that go with us."""
