// Every test starts processes and moves hundreds of megabytes; two at once would only be slower.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
