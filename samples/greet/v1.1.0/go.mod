module sample.proxycluster.dev/greet

go 1.19
