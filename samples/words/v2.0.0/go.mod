module sample.proxycluster.dev/words/v2

go 1.19
