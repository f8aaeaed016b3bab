using System.Globalization;
using Microsoft.Extensions.Options;
using ProxyCluster.Joining;

namespace ProxyCluster.Policy;

/// <summary>Has a rollout go on, or back, by what this member sees (<see cref="RolloutRule"/>). Of several members that want the same one is first.</summary>
internal sealed class PolicyRollouts(
    PolicyBook book, PolicyOrders orders, RolloutFigures figures, IOptions<PolicyOptions> options, TimeProvider clock, ILogger<PolicyRollouts> logger)
    : HostedLoop(clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private PolicyRollout? _watched;
    private long _since;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => [TurnAsync];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        if (book.Archive.Rollout is { IsRunning: true } rollout)
        {
            if (rollout != _watched)
                (_watched, _since) = (rollout, Clock.GetTimestamp());
            var (candidate, before) = figures.Read(rollout.Number);
            switch (RolloutRule.Decide(rollout, candidate, before, Clock.GetUtcNow(), Clock.GetElapsedTime(_since), options.Value))
            {
                case RolloutStep.Next:
                    await orders.GoOnAsync(rollout, stop);
                    break;
                case RolloutStep.Back:
                    await orders.EndAsync(rollout, string.Create(
                        CultureInfo.InvariantCulture,
                        $"back at {rollout.Share} %: {candidate.Bad} of {candidate.Asked} requests of a minute were refused or failed, {before.Bad} of {before.Asked} under the policy before"), stop);
                    break;
            }
        }

        await Task.Delay(Interval, Clock, stop);
        return true;
    }
}
