"""What Pulumi's engine is to the program: it makes the resources in the embedded cloud."""
