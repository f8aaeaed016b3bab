using System.Text;
using System.Text.Json;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Repositories;

/// <summary>
/// The same repositories, asked by go 1.27 and by us: versions, times, origins, hashes, lists and queries must be the same, and
/// what go has not we have not.
/// </summary>
[Trait("Needs", "newer-go")]
public sealed class DirectConformanceTests : IDisposable
{
    private readonly DirectWorld _world = new(pages: new ScriptedPages(DirectCases.PageOrNull));
    private readonly PlainProxy _proxy = new(DirectCases.PageOrNull);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Repositories_AskedByGoAndByUs_AreTheSame()
    {
        // 1. The repositories, and go's way to them.
        var cases = DirectCases.All();
        Assert.InRange(cases.Count, 60, 1000);
        Parallel.ForEach(cases, one => one.Repository.Make(_world.Repositories));
        using var go = NewGo();

        // 2. Go first: versions by name, then other queries, then lists and latest.
        var versions = cases.SelectMany(static one => one.Versions(one.Repository).Select(one.PathOf)).Distinct().ToList();
        var queries = cases.SelectMany(static one => one.Queries(one.Repository).Select(one.PathOf)).Distinct().ToList();
        var paths = cases.SelectMany(static one => one.Modules.Select(one.PathOf)).ToList();
        var differences = new List<string>();
        foreach (var (asks, isByName) in ((List<string>, bool)[])[(versions, true), (queries, false)])
        {
            var expected = await DownloadAsync(go, asks);
            Assert.InRange(expected.Values.Count(static one => one.Error is null), asks.Count / 2, asks.Count); // go found its way
            var actual = await Task.WhenAll(asks.Select(ask => Task.Run(() => OursAsync(ask), Cancellation)));
            foreach (var (i, ask) in asks.Index())
                Compare(ask, isByName, expected[ask], actual[i], differences);
        }

        // 3. Where a query's answer came from, and on which tags it depends. What begins a version a client finds out from the list;
        // and a name that looks like a hash go calls by itself, once it has seen it.
        var origins = await ListAsync(go, [], queries);
        foreach (var ask in queries)
        {
            var theirs = origins[ask].OriginOrNull;
            if (theirs is null || !VersionQuery.TryParse(ModulePath.Parse(ask.Split('@')[0]), ask.Split('@')[1], out var query, out _) || query.Kind is VersionQueryKind.Prefix || ask.Contains("hextag", StringComparison.Ordinal) || ask.Contains('+', StringComparison.Ordinal) || await QueryAsync(ask) is not { Failure: null } found)
                continue;
            var ours = new Listed(JsonDocument.Parse(Read(found.Value)).RootElement).OriginOrNull;
            if (theirs != ours)
                differences.Add($"origin of {ask}: go {theirs}; ours {ours}");
        }

        Assert.InRange(origins.Values.Count(static one => one.OriginOrNull is not null), 80, queries.Count);
        var lists = await ListAsync(go, ["-versions", "-retracted"], paths);
        var latest = await ListAsync(go, [], [.. paths.Select(static path => $"{path}@latest")]);
        foreach (var path in paths)
        {
            var theirs = lists[path].GetProperty("Versions", "none");
            var ours = await _world.Modules.ListAsync(ModulePath.Parse(path), Cancellation) is var list && list.TryGet(out var body, out _) ? Read(body).Replace('\n', ' ').Trim() : "none";
            if (theirs != (ours.Length == 0 ? "none" : ours))
                differences.Add($"list of {path}: go {theirs}; ours {ours} {list.Failure}");
            theirs = latest[path + "@latest"].GetProperty("Version", "latest") is "latest" ? "none" : $"{latest[path + "@latest"].GetProperty("Version", "")} {latest[path + "@latest"].GetProperty("Time", "")}".Trim();
            var found = await _world.Modules.LatestAsync(ModulePath.Parse(path), Cancellation);
            ours = found.TryGet(out body, out var failure) ? VersionAndTime(Read(body)) : "none";
            if (theirs != ours)
                differences.Add($"latest of {path}: go {theirs} {latest[path + "@latest"].GetProperty("Error", "")}; ours {ours} {failure}");
        }

        Assert.True(differences.Count == 0, $"{differences.Count} of {versions.Count + queries.Count} versions and queries and {2 * paths.Count} others differ:\n" + string.Join('\n', differences));
    }

    public void Dispose()
    {
        _proxy.Dispose();
        _world.Dispose();
    }

    private GoWorkspace NewGo()
    {
        var go = new GoWorkspace("direct", "off", GoWorkspace.NewerGo(), new Dictionary<string, string>
        {
            // Pages are asked for over plain http, through a proxy that knows them; over https nobody answers.
            ["GOINSECURE"] = "vanity.test,gopkg.in",
            ["HTTP_PROXY"] = _proxy.Url,
            ["HTTPS_PROXY"] = _proxy.Url,
        });
        var config = new StringBuilder("[protocol \"file\"]\n\tallow = always\n[safe]\n\tdirectory = *\n");
        foreach (var host in DirectWorld.Hosts)
            config.Append($"[url \"file://{_world.RepositoriesOf(host)}\"]\n\tinsteadOf = https://{host}/\n");
        File.WriteAllText(Path.Combine(go.Home, ".gitconfig"), config.ToString());
        return go;
    }

    private static void Compare(string ask, bool isByName, Downloaded go, Ours ours, List<string> differences)
    {
        if (go.Error is not null)
        {
            if (ours.Failure is null)
                differences.Add($"{ask}: go refuses ({go.Error}); ours is {ours.Version}");
            else if (!ours.Failure.IsProvenAbsence && ours.Failure.Kind is not FailureKind.UpstreamInvalid)
                differences.Add($"{ask}: go refuses ({go.Error}); ours is an outage: {ours.Failure}");
            return;
        }

        if (ours.Failure is not null)
        {
            differences.Add($"{ask}: go has {go.Version}; ours {ours.Failure}");
            return;
        }

        foreach (var (what, theirs, mine) in (ReadOnlySpan<(string, string?, string?)>)
            [("version", go.Version, ours.Version), ("go.mod", go.GoModSum, ours.GoModH1), ("zip", go.Sum, ours.ZipH1)])
        {
            if (theirs != mine)
                differences.Add($"{ask}: {what}: go {theirs}; ours {mine}");
        }

        var info = File.ReadAllText(go.Info!);
        if (isByName ? info != ours.Info : VersionAndTime(info) != VersionAndTime(ours.Info!))
            differences.Add($"{ask}: info: go {info}; ours {ours.Info}");
    }

    private async Task<Ours> OursAsync(string ask)
    {
        var (path, name) = (ModulePath.Parse(ask.Split('@')[0]), ask.Split('@')[1]);
        var version = name;
        if (!ModuleVersion.TryCreate(path, name, out var module, out _))
        {
            var found = await QueryAsync(ask);

            // What go does by itself after a proxy has no such name: the version that it means without what is behind its plus.
            if (found.Failure is not null && Semver.CanonicalOrNull(name) is { } canonical && canonical != name && VersionQuery.TryParse(path, canonical, out var query, out _))
                found = await _world.Modules.QueryAsync(query, Cancellation);
            if (!found.TryGet(out var answer, out var failure))
                return new Ours(null, null, null, null, failure);
            version = VersionAndTime(Read(answer)).Split(' ')[0];
            module = new ModuleVersion(path, version);
        }

        var bodies = new Dictionary<ArtifactKind, Stream>();
        foreach (var kind in (ArtifactKind[])[ArtifactKind.Info, ArtifactKind.Mod, ArtifactKind.Zip])
        {
            if (!(await _world.Modules.ArtifactAsync(module, kind, Cancellation)).TryGet(out var artifact, out var failure))
                return new Ours(null, null, null, null, failure);
            bodies[kind] = artifact.Body!;
        }

        await using var zip = bodies[ArtifactKind.Zip];
        Assert.True(ZipDirectory.TryOpen(zip, ZipLimits.Default, out var directory, out var fault), fault);
        Assert.True(ModuleZip.Check(directory, module).IsValid);
        Assert.True(ModuleHash.TryOfZip(directory, out var h1, out _, Cancellation));
        var mod = (MemoryStream)bodies[ArtifactKind.Mod];
        return new Ours(version, Read(new DirectAnswer(bodies[ArtifactKind.Info])), ModuleHash.OfGoMod(mod.ToArray()), h1, null);
    }

    private async Task<Outcome<DirectAnswer>> QueryAsync(string ask)
    {
        var (path, name) = (ModulePath.Parse(ask.Split('@')[0]), ask.Split('@')[1]);
        return name == "latest"
            ? await _world.Modules.LatestAsync(path, Cancellation)
            : VersionQuery.TryParse(path, name, out var query, out var error) ? await _world.Modules.QueryAsync(query, Cancellation) : throw new ArgumentException(error);
    }

    private static async Task<Dictionary<string, Downloaded>> DownloadAsync(GoWorkspace go, List<string> asks)
    {
        var result = await go.TryAsync([.. (ReadOnlySpan<string>)["mod", "download", "-json"], .. asks]);
        var downloaded = Objects(result.Output).Select(static one => one.Deserialize<Downloaded>()!).ToList();
        Assert.True(downloaded.Count == asks.Count, $"{downloaded.Count} of {asks.Count}\n{result.Errors}");
        return downloaded.Zip(asks).ToDictionary(static pair => pair.Second, static pair => pair.First, StringComparer.Ordinal);
    }

    private static async Task<Dictionary<string, Listed>> ListAsync(GoWorkspace go, string[] flags, List<string> asks)
    {
        var result = await go.TryAsync([.. (ReadOnlySpan<string>)["list", "-m", "-e", "-json"], .. flags, .. asks]);
        return Objects(result.Output).Zip(asks).ToDictionary(static pair => pair.Second, static pair => new Listed(pair.First), StringComparer.Ordinal);
    }

    private static IEnumerable<JsonElement> Objects(string text) =>
        text.Split("\n}\n", StringSplitOptions.RemoveEmptyEntries).Select(static one => JsonDocument.Parse(one + "\n}").RootElement);

    private static string Read(DirectAnswer answer)
    {
        using var reader = new StreamReader(answer.Body!, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static string VersionAndTime(string info)
    {
        var root = JsonDocument.Parse(info).RootElement;
        return $"{root.GetProperty("Version").GetString()} {root.GetProperty("Time").GetString()}";
    }

    private sealed record Downloaded(string Path, string? Version, string? Info, string? Sum, string? GoModSum, string? Error);

    private sealed record Ours(string? Version, string? Info, string? GoModH1, string? ZipH1, Failure? Failure);

    private sealed record Listed(JsonElement Element)
    {
        /// <summary>The origin, in one line; null where there is none.</summary>
        public string? OriginOrNull => Element.TryGetProperty("Origin", out var origin) && !Element.TryGetProperty("Error", out _)
            ? string.Join(' ', origin.EnumerateObject().Select(static part => $"{part.Name}={part.Value.GetString()}"))
            : null;

        public string GetProperty(string name, string absent) => !Element.TryGetProperty(name, out var value) ? absent
            : value.ValueKind == JsonValueKind.Array ? string.Join(' ', value.EnumerateArray().Select(static one => one.GetString()))
            : value.ValueKind == JsonValueKind.Object ? value.GetProperty("Err").GetString()!
            : value.GetString()!;
    }
}
