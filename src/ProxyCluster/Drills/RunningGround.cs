using System.Collections.Immutable;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Reports;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>
/// A cluster that was there before. Its processes are not ours: an operator's order is given over the admin API, and every
/// other trouble is made and ended by commands that the caller brings. Right bytes are known from a go.sum file, so nothing
/// is believed that the cluster says of them.
/// </summary>
internal sealed class RunningGround : IDrillGround
{
    private readonly ShellOrder? _inject;
    private readonly ShellOrder? _heal;

    private RunningGround(DrillSettings settings, RunningCluster running, DrillCatalog catalog, HttpClient http, TimeProvider clock, Action<string> progress)
    {
        Stage = new DrillStage(running.Members, settings.Region, new DrillOperator(running.Members, running.Token, http), progress);
        Catalog = catalog;
        _inject = running.Inject is { } inject ? new ShellOrder("--inject", inject, clock) : null;
        _heal = running.Heal is { } heal ? new ShellOrder("--heal", heal, clock) : null;
        Scenario = _inject is null ? settings.Scenario : settings.Scenario with
        {
            InjectAsync = (stage, cancel) => _inject.RunAsync(stage, cancel),
            HealAsync = (stage, cancel) => _heal?.RunAsync(stage, cancel) ?? Task.CompletedTask,
        };
    }

    /// <inheritdoc/>
    public DrillStage Stage { get; }

    /// <inheritdoc/>
    public DrillScenario Scenario { get; }

    /// <inheritdoc/>
    public DrillCatalog Catalog { get; }

    /// <inheritdoc/>
    public int ModuleVersions => Catalog.Warm.Concat(Catalog.Cold).Select(static asked => Path.ChangeExtension(asked.Path, null)).Distinct().Count();

    /// <inheritdoc/>
    public bool IsUpstreamAway => false;

    /// <inheritdoc/>
    public StoreKind? Store => null;

    /// <inheritdoc/>
    public ImmutableArray<KeyValuePair<string, int>>? ArtifactsSent => null;

    /// <summary>Reads what to ask for.</summary>
    /// <exception cref="DrillException">A go.sum file cannot be read or holds nothing to ask for.</exception>
    public static RunningGround Open(
        DrillSettings settings, RunningCluster running, HttpClient http, TimeProvider clock, Action<string> progress)
    {
        var warm = SumsIn(running.Sums);
        var known = warm.Select(static asked => asked.Path).ToHashSet(StringComparer.Ordinal);
        var cold = running.ColdSums is { } file ? SumsIn(file).Where(asked => !known.Contains(asked.Path)) : [];
        return new RunningGround(settings, running, DrillCatalog.Of(warm, cold, settings.Seed), http, clock, progress);
    }

    /// <inheritdoc/>
    public Task<GoRuns> GoAsync(CancellationToken stop) => Task.FromResult(GoRuns.None);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static List<DrillObject> SumsIn(string file)
    {
        try
        {
            var found = SumFile.Read(File.ReadAllText(file)).ToList();
            return found.Count > 0 ? found : throw new DrillException($"{file} holds no line of a go.sum file: 'path version h1:…'");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DrillException($"{file} cannot be read: {e.Message}", e);
        }
    }
}
