module sample.proxycluster.dev/Frame

go 1.19

require sample.proxycluster.dev/mathx v0.4.0
