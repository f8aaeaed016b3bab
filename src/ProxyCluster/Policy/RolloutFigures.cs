namespace ProxyCluster.Policy;

/// <summary>
/// What became of requests at this member under the policy that is rolled out and under the one before: of the former the last minute, a second
/// at a time, so that a jump shows at once; of the latter all since the rollout began.
/// </summary>
internal sealed class RolloutFigures(TimeProvider clock)
{
    private const int Seconds = 60;

    /// <summary>How far back they go under what is rolled out.</summary>
    public static readonly TimeSpan Reach = TimeSpan.FromSeconds(Seconds);

    // Guards the rest.
    private readonly Lock _lock = new();
    private readonly (long Second, RolloutCount Count)[] _seconds = new (long, RolloutCount)[Seconds];
    private long _number;
    private RolloutCount _before;

    /// <summary>Counts an answer. Those given while nothing is rolled out are not of interest.</summary>
    public void Count(PoliciesInForce policies, long judgedBy, bool isBad)
    {
        if (policies.Candidate is not { } candidate)
            return;
        var one = new RolloutCount(1, isBad ? 1 : 0);
        lock (_lock)
        {
            Begin_NeedsLock(candidate.Number);
            if (judgedBy != candidate.Number)
            {
                _before += one;
                return;
            }

            var second = Now;
            ref var slot = ref _seconds[second % Seconds];
            slot = slot.Second == second ? (second, slot.Count + one) : (second, one);
        }
    }

    /// <summary>Of a rollout's policy the last minute, and all of the one before.</summary>
    public (RolloutCount Candidate, RolloutCount Before) Read(long number)
    {
        lock (_lock)
        {
            Begin_NeedsLock(number);
            var (now, candidate) = (Now, default(RolloutCount));
            foreach (var (second, count) in _seconds)
            {
                if (now - second < Seconds)
                    candidate += count;
            }

            return (candidate, _before);
        }
    }

    private long Now => (long)clock.GetElapsedTime(0).TotalSeconds;

    private void Begin_NeedsLock(long number)
    {
        if (number == _number)
            return;
        _number = number;
        _before = default;
        Array.Fill(_seconds, (long.MinValue / 2, default));
    }
}
