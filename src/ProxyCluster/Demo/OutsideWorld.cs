namespace ProxyCluster.Demo;

/// <summary>
/// What lies outside of a cluster, brought along: the sample modules behind an upstream, and the checksum database that
/// vouches for them. Nothing here knows the cluster; the cluster only gets two addresses.
/// </summary>
internal sealed class OutsideWorld : IAsyncDisposable
{
    private OutsideWorld(IReadOnlyList<PackedModule> modules, EmbeddedUpstream upstream, EmbeddedChecksumDatabase database)
    {
        Modules = modules;
        Upstream = upstream;
        Database = database;
    }

    /// <summary>Every module version that exists.</summary>
    public IReadOnlyList<PackedModule> Modules { get; }

    /// <summary>Where they come from.</summary>
    public EmbeddedUpstream Upstream { get; }

    /// <summary>Who vouches for them.</summary>
    public EmbeddedChecksumDatabase Database { get; }

    /// <summary>Packs, signs and serves the samples.</summary>
    /// <param name="upstreamDelay">Time before each answer of the upstream.</param>
    /// <param name="time">The clock for the delay.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<OutsideWorld> StartAsync(TimeSpan upstreamDelay, TimeProvider time, CancellationToken cancellation)
    {
        var modules = SampleModules.Pack();
        var upstream = await EmbeddedUpstream.StartAsync(modules, upstreamDelay, time, cancellation).ConfigureAwait(false);
        try
        {
            var database = await EmbeddedChecksumDatabase.StartAsync(modules, cancellation).ConfigureAwait(false);
            return new OutsideWorld(modules, upstream, database);
        }
        catch
        {
            await upstream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync().ConfigureAwait(false);
        await Upstream.DisposeAsync().ConfigureAwait(false);
    }
}
