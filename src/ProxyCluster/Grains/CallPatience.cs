namespace ProxyCluster.Grains;

/// <summary>
/// How often a grain is called that does not answer. What is refused at once is tried twice more. Where the calls take their
/// time to fail, they are tried until the grain has been silent for the hedge delay: on a machine that is too busy to answer,
/// or to open a connection, three failures would take an owner that works for one that is gone, and fetch a second time.
/// </summary>
internal sealed class CallPatience(TimeSpan hedgeDelay, TimeProvider time)
{
    private const int Attempts = 3;

    // All of them together: three time-outs of connections take longer, three refusals a thousandth of it.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    private int _failed;
    private long _since = time.GetTimestamp();

    /// <summary>The grain answered, if only that it is working.</summary>
    public void Answered() => (_failed, _since) = (0, time.GetTimestamp());

    /// <summary>A call failed on its way. Is it the last?</summary>
    public bool IsOverAfterFailure()
    {
        var silence = time.GetElapsedTime(_since);
        return ++_failed >= Attempts && (silence < AtOnce || silence >= hedgeDelay);
    }
}
