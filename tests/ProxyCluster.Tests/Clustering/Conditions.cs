using ProxyCluster.Clustering;
using ProxyCluster.Routing;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Clustering;

/// <summary>Bounded waits for what an engine will come to say.</summary>
internal static class Conditions
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until the engine's view is as wanted, woken by its changes.</summary>
    public static async Task<ClusterView> UntilAsync(this IEngine engine, Func<ClusterView, bool> wanted)
    {
        var seen = new TaskCompletionSource<ClusterView>(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.ViewChanged += Look;
        try
        {
            Look(engine.View);
            return await seen.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            var view = engine.View;
            throw new TimeoutException($"{engine.Self?.Id} still sees [{string.Join(' ', view.Members.Select(static m => m.Id))}], " +
                $"epoch {view.Routing.Epoch}, authority {view.AuthorityId}, status {engine.Status}");
        }
        finally
        {
            engine.ViewChanged -= Look;
        }

        void Look(ClusterView view)
        {
            if (wanted(view))
                seen.TrySetResult(view);
        }
    }

    /// <summary>Waits until all see exactly these members.</summary>
    public static Task UntilMembersAsync(this IEnumerable<IEngine> engines, params string[] ids) =>
        Task.WhenAll(engines.Select(engine => engine.UntilAsync(view => view.Members.Select(static m => m.Id).SequenceEqual(ids.Order(StringComparer.Ordinal)))));

    /// <summary>Waits until all see the routing table of this epoch or a later one.</summary>
    public static Task UntilEpochAsync(this IEnumerable<IEngine> engines, long epoch) =>
        engines.UntilTableAsync(table => table.Epoch >= epoch);

    /// <summary>Waits until all see such a routing table.</summary>
    public static Task UntilTableAsync(this IEnumerable<IEngine> engines, Func<RoutingTable, bool> wanted) =>
        Task.WhenAll(engines.Select(engine => engine.UntilAsync(view => wanted(view.Routing))));

    /// <summary>Waits until one of them holds the authority and all others see that.</summary>
    public static async Task<IEngine> UntilAuthorityAsync(this IReadOnlyCollection<IEngine> engines)
    {
        await Waiting.UntilAsync(() => engines.Count(static engine => engine.IsAuthority) == 1, "one engine is the authority");
        var authority = engines.Single(static engine => engine.IsAuthority);
        await Task.WhenAll(engines.Select(engine => engine.UntilAsync(view => view.AuthorityId == authority.Self!.Id)));
        return authority;
    }
}
