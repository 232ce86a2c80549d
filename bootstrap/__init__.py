"""What an account needs before GitHub can deploy a platform into it: a Pulumi project of its own."""
