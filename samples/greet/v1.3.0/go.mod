module sample.proxycluster.dev/greet

go 1.19

// v1.2.0 greets nobody when the name is longer than eight letters.
retract v1.2.0
