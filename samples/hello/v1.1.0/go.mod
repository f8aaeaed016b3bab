module sample.proxycluster.dev/hello

go 1.19

require (
	sample.proxycluster.dev/Frame v1.0.0
	sample.proxycluster.dev/greet v1.3.0
	sample.proxycluster.dev/legacy v2.3.0+incompatible
	sample.proxycluster.dev/mathx v0.4.1-0.20240510081500-1f3a9c5e7b2d
	sample.proxycluster.dev/words/v2 v2.1.0
)
