using System.Threading.Channels;
using ProxyCluster.Routing;

namespace ProxyCluster.Clustering;

/// <summary>
/// Holds an engine's view and tells listeners about each change: in order, one at a time, away from the task that made
/// the change, so that a slow handler delays other handlers and nothing else, and one that throws nobody.
/// </summary>
internal sealed partial class ViewFeed : IAsyncDisposable
{
    private readonly Channel<ClusterView> _changes = Channel.CreateUnbounded<ClusterView>(new() { SingleReader = true });
    private readonly ILogger _log;
    private readonly Task _pump;
    private readonly Lock _swap = new();
    private volatile ClusterView _view = ClusterView.Empty;

    public ViewFeed(ILogger log)
    {
        _log = log;
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Who listens.</summary>
    public event Action<ClusterView>? Changed;

    /// <summary>The newest view.</summary>
    public ClusterView View => _view;

    /// <summary>
    /// Swaps the view for what <paramref name="next"/> makes of it, if that says something new. The function runs under
    /// the feed's lock, so that views are swapped in the order in which they were computed.
    /// </summary>
    public void Swap(Func<ClusterView, ClusterView> next)
    {
        lock (_swap)
        {
            var view = next(_view);
            if (view.SaysSameAs(_view))
                return;
            _view = view;
            _changes.Writer.TryWrite(view);
        }
    }

    /// <summary>Takes a routing table in, if there is one and it is newer than ours.</summary>
    public void Take(RoutingTable? table) =>
        Swap(view => table?.Epoch > view.Routing.Epoch ? view with { Routing = table } : view);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _changes.Writer.TryComplete();
        await _pump;
    }

    private async Task PumpAsync()
    {
        // Said once of each, until it takes a change again.
        var failing = new HashSet<Delegate>();
        await foreach (var view in _changes.Reader.ReadAllAsync())
        {
            foreach (var handler in Delegate.EnumerateInvocationList(Changed))
            {
                try
                {
                    handler(view);
                    failing.Remove(handler);
                }
                catch (Exception e)
                {
                    if (failing.Add(handler))
                        Log.HandlerFailed(_log, handler.Method.DeclaringType?.Name, view.Routing.Epoch, e);
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Handler} failed to follow a change of the view at epoch {Epoch}")]
        public static partial void HandlerFailed(ILogger log, string? handler, long epoch, Exception e);
    }
}
