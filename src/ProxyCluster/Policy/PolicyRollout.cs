namespace ProxyCluster.Policy;

/// <summary>
/// A policy on its way into force, a share of the clients at a time, or the last one that was. Its share is what the cluster agrees on, so
/// everybody is judged the same wherever he asks.
/// </summary>
/// <param name="Number">Its number, which no other policy gets.</param>
/// <param name="Text">As it was written.</param>
/// <param name="By">Who began it.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Share">Clients in a hundred that it is in force for.</param>
/// <param name="ShareAt">Since when it is for so many, UTC.</param>
/// <param name="Ended">How it ended; null while it is under way.</param>
internal sealed record PolicyRollout(long Number, string Text, string By, string Reason, DateTimeOffset At, int Share, DateTimeOffset ShareAt, string? Ended = null)
{
    /// <summary>The shares, in their order; behind the last it is in force.</summary>
    public static ReadOnlySpan<int> Shares => [5, 25, 100];

    /// <summary>Is it under way?</summary>
    public bool IsRunning => Ended is null;

    /// <summary>The share after the present one; null behind the last.</summary>
    public int? NextShareOrNull
    {
        get
        {
            foreach (var share in Shares)
            {
                if (share > Share)
                    return share;
            }

            return null;
        }
    }
}

/// <summary>What became of requests under a policy.</summary>
/// <param name="Asked">How many were answered.</param>
/// <param name="Bad">How many of these were refused, or failed.</param>
internal readonly record struct RolloutCount(long Asked, long Bad)
{
    /// <summary>The share of bad ones.</summary>
    public double BadShare => Asked == 0 ? 0 : (double)Bad / Asked;

    /// <summary>Both together.</summary>
    public static RolloutCount operator +(RolloutCount a, RolloutCount b) => new(a.Asked + b.Asked, a.Bad + b.Bad);
}

/// <summary>What is to become of a rollout.</summary>
internal enum RolloutStep
{
    /// <summary>It stays as it is.</summary>
    Stay,

    /// <summary>On to the next share, or into force.</summary>
    Next,

    /// <summary>Back to the policy before.</summary>
    Back,
}

/// <summary>
/// Decides about a rollout, at each member by what it sees itself. Any of them can end it at once; it goes on when nobody has for long
/// enough. So what goes wrong in one region alone is seen there, and nobody has to gather figures.
/// <para>
/// <b>Who dies</b> takes its figures along. Its clients are the same share wherever they ask next, so that is where it is seen. Where all were
/// away, the step's time may be over when the first is back: it has seen nothing yet, so it looks for as long as figures reach before it says
/// that all is well.
/// </para>
/// </summary>
internal static class RolloutRule
{
    /// <summary>The next step.</summary>
    /// <param name="rollout">Where it stands.</param>
    /// <param name="candidate">Requests of the last minute under it.</param>
    /// <param name="before">Requests since it began under the policy before.</param>
    /// <param name="now">Now, UTC.</param>
    /// <param name="watched">For how long this member has known that it stands there.</param>
    /// <param name="options">When it goes on, and what is too much.</param>
    public static RolloutStep Decide(
        PolicyRollout rollout, RolloutCount candidate, RolloutCount before, DateTimeOffset now, TimeSpan watched, PolicyOptions options) =>
        candidate.Bad >= options.RolloutMinBad && candidate.BadShare > before.BadShare + options.RolloutMaxRise ? RolloutStep.Back
        : now - rollout.ShareAt >= options.RolloutStep && (watched >= RolloutFigures.Reach || watched >= options.RolloutStep) ? RolloutStep.Next
        : RolloutStep.Stay;
}
