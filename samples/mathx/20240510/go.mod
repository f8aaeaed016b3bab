module sample.proxycluster.dev/mathx

go 1.19
