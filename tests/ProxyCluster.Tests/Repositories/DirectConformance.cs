using System.Text;
using System.Text.Json;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Tests.Repositories;

/// <summary>Holds our answers against go's: versions, times, origins, hashes, lists and latest; and what go has not we must not have.</summary>
internal sealed class DirectConformance(GoAnswers go, OurAnswers ours, int atOnce)
{
    private readonly List<string> _differences = [];

    /// <summary>Asks everything that go was asked, and gives what differs.</summary>
    public async Task<IReadOnlyList<string>> CompareAsync()
    {
        // Lists first: a proxy names what it has stored, too.
        await EachAsync(go.Lists, async pair =>
        {
            var list = (await ours.AskAsync(new Query(ModulePath.Parse(pair.Key), QueryKind.List))).TryGet(out var body, out var failure) ? Text(body).Replace('\n', ' ').Trim() : "none";
            Note($"list of {pair.Key}", pair.Value.Versions, list.Length == 0 ? "none" : list, failure);
        });
        await EachAsync(go.Latest, async pair =>
        {
            var latest = (await ours.AskAsync(new Query(ModulePath.Parse(pair.Key), QueryKind.Latest))).TryGet(out var body, out var failure) ? VersionAndTime(Text(body)) : "none";
            Note($"latest of {pair.Key} ({pair.Value.Error})", pair.Value.VersionAndTime, latest, failure);
        });
        await EachAsync(go.Versions, pair => CompareAsync(pair.Key, isByName: true, pair.Value));
        await EachAsync(go.Queries.Where(pair => ours.TakesBeginnings || !IsBeginning(pair.Key)), pair => CompareAsync(pair.Key, isByName: false, pair.Value));
        await EachAsync(go.Origins, pair => CompareOriginAsync(pair.Key, pair.Value));
        return _differences;
    }

    private Task EachAsync<T>(IEnumerable<KeyValuePair<string, T>> asks, Func<KeyValuePair<string, T>, Task> ask) => Parallel.ForEachAsync(
        asks, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = TestContext.Current.CancellationToken }, async (pair, _) => await ask(pair));

    private async Task CompareAsync(string ask, bool isByName, Downloaded theirs)
    {
        var mine = await FetchAsync(ask);
        if (theirs.Error is not null)
        {
            if (mine.Failure is null)
                Note($"{ask}: go refuses ({theirs.Error}); ours is {mine.Version}");
            else if (!mine.Failure.IsProvenAbsence && mine.Failure.Kind is not FailureKind.UpstreamInvalid)
                Note($"{ask}: go refuses ({theirs.Error}); ours is an outage: {mine.Failure}");
            return;
        }

        if (mine.Failure is not null)
        {
            Note($"{ask}: go has {theirs.Version}; ours {mine.Failure}");
            return;
        }

        var info = theirs.Info!;
        Note($"{ask}: version", theirs.Version, mine.Version);
        Note($"{ask}: go.mod", theirs.GoModSum, mine.GoModH1);
        Note($"{ask}: zip", theirs.Sum, mine.ZipH1);
        Note($"{ask}: info", isByName ? info : VersionAndTime(info), isByName ? mine.Info : VersionAndTime(mine.Info!));
    }

    private static bool IsBeginning(string ask) =>
        VersionQuery.TryParse(ModulePath.Parse(ask.Split('@')[0]), ask.Split('@')[1], out var query, out _) && query.Kind is VersionQueryKind.Prefix;

    // What begins a version a client finds out from the list; and a name that looks like a hash go calls by itself, once it has seen it.
    private async Task CompareOriginAsync(string ask, Listed theirs)
    {
        var (path, name) = (ModulePath.Parse(ask.Split('@')[0]), ask.Split('@')[1]);
        if (theirs.OriginOrNull is not { } origin || IsBeginning(ask)
            || ask.Contains("hextag", StringComparison.Ordinal) || ask.Contains('+', StringComparison.Ordinal)
            || !(await ours.AskAsync(path, name)).TryGet(out var found, out _))
            return;
        Note($"origin of {ask}", origin, new Listed(JsonDocument.Parse(found).RootElement).OriginOrNull);
    }

    private async Task<Fetched> FetchAsync(string ask)
    {
        var (path, name) = (ModulePath.Parse(ask.Split('@')[0]), ask.Split('@')[1]);
        var version = name;
        if (!ModuleVersion.TryCreate(path, name, out var module, out _))
        {
            var found = await ours.AskAsync(path, name);

            // What go does by itself after a proxy has no such name: the version that it means without what is behind its plus.
            if (found.Failure is not null && Semver.CanonicalOrNull(name) is { } canonical && canonical != name)
                found = await ours.AskAsync(path, canonical);
            if (!found.TryGet(out var answer, out var failure))
                return new Fetched(null, null, null, null, failure);
            version = VersionAndTime(Text(answer)).Split(' ')[0];
            module = new ModuleVersion(path, version);
        }

        var bodies = new Dictionary<ArtifactKind, byte[]>();
        foreach (var kind in (ArtifactKind[])[ArtifactKind.Info, ArtifactKind.Mod, ArtifactKind.Zip])
        {
            if (!(await ours.ArtifactAsync(module, kind)).TryGet(out var artifact, out var failure))
                return new Fetched(null, null, null, null, failure);
            bodies[kind] = artifact;
        }

        using var zip = new MemoryStream(bodies[ArtifactKind.Zip]);
        Assert.True(ZipDirectory.TryOpen(zip, ZipLimits.Default, out var directory, out var fault), fault);
        Assert.True(ModuleZip.Check(directory, module).IsValid);
        Assert.True(ModuleHash.TryOfZip(directory, out var h1, out _, TestContext.Current.CancellationToken));
        return new Fetched(version, Text(bodies[ArtifactKind.Info]), ModuleHash.OfGoMod(bodies[ArtifactKind.Mod]), h1, null);
    }

    private void Note(string what, string? theirs, string? mine, Failure? failure = null)
    {
        if (theirs != mine)
            Note($"{what}: go {theirs}; ours {mine} {failure}");
    }

    private void Note(string difference)
    {
        lock (_differences)
            _differences.Add(difference);
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static string VersionAndTime(string info)
    {
        var root = JsonDocument.Parse(info).RootElement;
        return $"{root.GetProperty("Version").GetString()} {root.GetProperty("Time").GetString()}";
    }

    private sealed record Fetched(string? Version, string? Info, string? GoModH1, string? ZipH1, Failure? Failure);
}
