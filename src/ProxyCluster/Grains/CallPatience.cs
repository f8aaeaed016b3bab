namespace ProxyCluster.Grains;

/// <summary>
/// How often a grain is called that does not answer. A call that is refused at once is tried twice more; one that runs into
/// its time-out besides until the grain has been silent for the hedge delay: on a machine that is too busy to answer in
/// time, as few as three time-outs would take an owner that works for one that is gone, and fetch a second time.
/// </summary>
internal sealed class CallPatience(TimeSpan hedgeDelay, TimeProvider time)
{
    private const int Attempts = 3;

    private int _failed;
    private long _since = time.GetTimestamp();

    /// <summary>The grain answered, if only that it is working.</summary>
    public void Answered() => (_failed, _since) = (0, time.GetTimestamp());

    /// <summary>A call failed on its way. Is it the last?</summary>
    public bool IsOverAfter(Exception failure) =>
        ++_failed >= Attempts && (failure is not TimeoutException || time.GetElapsedTime(_since) >= hedgeDelay);
}
