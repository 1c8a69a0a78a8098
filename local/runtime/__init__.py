"""What runs the functions: Lambda's own runtime in processes of this machine."""
