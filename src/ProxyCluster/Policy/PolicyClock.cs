using Microsoft.Extensions.Options;
using ProxyCluster.Joining;

namespace ProxyCluster.Policy;

/// <summary>Puts rules in and out of force as their hours come, and as advisories do, within a second, and says in time which will end.</summary>
internal sealed partial class PolicyClock(PolicyBook book, IOptions<PolicyOptions> options, TimeProvider clock, ILogger<PolicyClock> logger)
    : HostedLoop(clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly HashSet<(long Number, string Rule)> _told = [];

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => [TurnAsync];

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Advisories that were kept count for the first who asks.
        book.FollowClock();
        return base.StartAsync(cancellationToken);
    }

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        if (book.FollowClock())
            Log.HourChanged(Logger, book.Current.Number, book.Current.Rules.Length, book.Set.Rules.Length);
        foreach (var rule in EndingSoon(book.Set))
        {
            if (_told.Add((book.Set.Number, rule.Name)))
                Log.EndsSoon(Logger, rule.Name, book.Set.Number, rule.Until!.Value);
        }

        _told.RemoveWhere(told => told.Number != book.Set.Number);
        await Task.Delay(Interval, Clock, stop);
        return true;
    }

    private IEnumerable<PolicyRule> EndingSoon(PolicySet set)
    {
        var now = Clock.GetUtcNow();
        return set.Rules.Select(static rule => rule.Rule).Where(rule => rule.Until > now && rule.Until - now <= options.Value.WarnBeforeExpiry);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Of policy {Number}, {Count} of {All} rules count at this hour")]
        public static partial void HourChanged(ILogger logger, long number, int count, int all);

        [LoggerMessage(LogLevel.Warning, "Rule {Rule} of policy {Number} ends at {Until}")]
        public static partial void EndsSoon(ILogger logger, string rule, long number, DateTimeOffset until);
    }
}
