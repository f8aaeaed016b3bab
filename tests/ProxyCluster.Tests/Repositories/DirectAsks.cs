using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;

namespace ProxyCluster.Tests;

/// <summary>Questions about modules that nobody says the repository of.</summary>
internal static class DirectAsks
{
    public static Task<Outcome<DirectAnswer>> ArtifactAsync(this DirectModules modules, ModuleVersion module, ArtifactKind kind, CancellationToken cancel) =>
        modules.ArtifactAsync(module, kind, null, cancel);

    public static Task<Outcome<DirectAnswer>> ListAsync(this DirectModules modules, ModulePath path, CancellationToken cancel) => modules.ListAsync(path, null, cancel);

    public static Task<Outcome<DirectAnswer>> LatestAsync(this DirectModules modules, ModulePath path, CancellationToken cancel) => modules.LatestAsync(path, null, cancel);

    public static Task<Outcome<DirectAnswer>> QueryAsync(this DirectModules modules, VersionQuery query, CancellationToken cancel) => modules.QueryAsync(query, null, cancel);

    public static Task<Outcome<DirectAnswer>> AskAsync(this RegionModules modules, ProxyPath what, CancellationToken cancel) => modules.AskAsync(what, null, cancel);
}
