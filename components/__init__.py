"""The stack's ComponentResources. They are given resolved settings and never read `pulumi.Config`."""
