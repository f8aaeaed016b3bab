module sample.proxycluster.dev/words

go 1.19
