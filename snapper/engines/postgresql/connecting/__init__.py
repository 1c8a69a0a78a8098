"""A session: how it is signed in, waited for, asked, refused and interrupted."""
