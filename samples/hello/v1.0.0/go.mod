module sample.proxycluster.dev/hello

go 1.19

require (
	sample.proxycluster.dev/greet v1.1.0
	sample.proxycluster.dev/words/v2 v2.0.0
)
