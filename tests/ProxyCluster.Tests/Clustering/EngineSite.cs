using ProxyCluster.Clustering;

namespace ProxyCluster.Tests.Clustering;

/// <summary>A place where one kind of engine runs, and what can be done to it. One per test.</summary>
public abstract class EngineSite : IAsyncDisposable
{
    private readonly List<IEngine> _engines = [];

    /// <summary>An engine that has joined under this id; at another address than any other.</summary>
    public async Task<IEngine> JoinAsync(string id, string region = "tokyo", Role role = Role.All)
    {
        var engine = Create(id);
        _engines.Add(engine);
        await engine.JoinAsync(MemberOf(id, region, role), TestContext.Current.CancellationToken);
        return engine;
    }

    /// <summary>What <see cref="JoinAsync"/> joins as.</summary>
    public static Member MemberOf(string id, string region = "tokyo", Role role = Role.All) =>
        new(id, region, new Uri($"http://{id}.{region}.invalid:8080"), role, "0.1.0");

    /// <summary>The process dies without leaving.</summary>
    public abstract Task KillAsync(IEngine engine);

    /// <summary>The process stops in its tracks, its clock with it.</summary>
    public abstract void Freeze(IEngine engine);

    /// <summary>The process goes on where it stopped.</summary>
    public abstract void Thaw(IEngine engine);

    /// <summary>What holds the cluster together is gone for everybody.</summary>
    public abstract Task LoseAsync();

    /// <summary>It is back.</summary>
    public abstract Task RestoreAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
            await engine.DisposeAsync();
        await DisposeSiteAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract IEngine Create(string id);

    protected abstract ValueTask DisposeSiteAsync();
}
