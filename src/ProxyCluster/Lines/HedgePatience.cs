namespace ProxyCluster.Lines;

/// <summary>
/// How long a silence has to be before the next candidate is asked, where the listener itself may be late.
/// <para>
/// A process that wakes up much later than it wanted to has not listened meanwhile: signs of life may lie unread in its
/// sockets, and the silence says more about itself than about the peer. It then listens for half a delay more, a few times
/// at most, so that a dead peer is given up on the busiest machine too.
/// </para>
/// </summary>
internal sealed class HedgePatience(TimeSpan hedgeDelay)
{
    private const int MaxExtensions = 4;

    private int _extensions;
    private bool _isLate;

    /// <summary>The silence that is long enough.</summary>
    public TimeSpan Limit => hedgeDelay + (hedgeDelay / 2 * _extensions);

    /// <summary>A wait is over.</summary>
    /// <param name="planned">How long it was to last.</param>
    /// <param name="took">How long it lasted.</param>
    public void Waited(TimeSpan planned, TimeSpan took) => _isLate = took - planned > hedgeDelay / 20;

    /// <summary>Is it time to ask the next? Extends the limit where the last wait does not count.</summary>
    public bool IsOver(TimeSpan silence)
    {
        if (silence < Limit)
            return false;
        if (!_isLate || _extensions == MaxExtensions)
            return true;

        // From here on, not from when it should have woken up: the time in between has not been listened to either.
        _extensions = Math.Min(MaxExtensions, Math.Max(_extensions + 1, 1 + (int)((silence - hedgeDelay) / (hedgeDelay / 2))));
        _isLate = false;
        return silence >= Limit;
    }
}
