"""How long this library's synth takes and how much it makes, beside bare CDK and the nearest peer."""
