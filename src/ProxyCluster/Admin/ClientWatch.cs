using ProxyCluster.Joining;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Admin;

/// <summary>
/// Says in the log which client takes most of what is refused, or of the time in queues, and when that is over: once per
/// change, looked at every ten seconds, and only where it is enough to matter. Who is said to take most stays it until another
/// one does, or down to half of what it took to be said, so that who hovers at the bound is not said at every look.
/// </summary>
internal sealed partial class ClientWatch(ProxyMetrics metrics, TimeProvider clock, ILogger<ClientWatch> logger) : HostedLoop(clock, logger)
{
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Watched[] _watched =
    [
        new("refused requests", 100, static figures => figures.Refused),
        new("seconds in queues", 60, static figures => (long)figures.Queued.TotalSeconds),
    ];

    protected override IEnumerable<Turn> Strands => [TurnAsync];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        await Task.Delay(Pause, Clock, stop);
        var read = metrics.Clients.Read(ClientWindow.Minute);
        foreach (var watched in _watched)
            Look(watched, read);
        return true;
    }

    private void Look(Watched watched, ClientReading read)
    {
        var total = watched.Figure(read.Total);
        var most = read.Clients.DefaultIfEmpty().MaxBy(one => watched.Figure(one.Value));
        var amount = watched.Figure(most.Value);
        var said = read.Clients.FirstOrDefault(one => one.Key == watched.Taker);
        ClientAddress? next = amount >= watched.Least && 2 * amount > total ? most.Key
            : 2 * watched.Figure(said.Value) >= watched.Least && 4 * watched.Figure(said.Value) > total ? said.Key
            : null;
        if (next == watched.Taker)
            return;
        if (next is { } client)
            Log.Takes(Logger, client, watched.Name, amount, total);
        else
            Log.NobodyTakes(Logger, watched.Taker!.Value, watched.Name);
        watched.Taker = next;
    }

    private sealed record Watched(string Name, long Least, Func<ClientFigures, long> Figure)
    {
        public ClientAddress? Taker { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Client {Client} took most of the last minute's {Figure}: {Amount} of {Total}")]
        public static partial void Takes(ILogger logger, ClientAddress client, string figure, long amount, long total);

        [LoggerMessage(LogLevel.Information, "No client takes most of the {Figure} any more; {Client} did")]
        public static partial void NobodyTakes(ILogger logger, ClientAddress client, string figure);
    }
}
