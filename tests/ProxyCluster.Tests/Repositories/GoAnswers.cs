using System.Text.Json;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Repositories;

/// <summary>
/// What the go command answers about the modules of some repositories: versions by name first, then other queries, then
/// lists and latest, which depend on what its cache holds.
/// </summary>
/// <param name="Versions">What was asked for by its name, <c>path@version</c>.</param>
/// <param name="Queries">What was asked for otherwise.</param>
/// <param name="Origins">Where the queries' answers come from, and on which tags they depend.</param>
/// <param name="Lists">The versions of each path.</param>
/// <param name="Latest">The latest of each path.</param>
internal sealed record GoAnswers(
    IReadOnlyDictionary<string, Downloaded> Versions,
    IReadOnlyDictionary<string, Downloaded> Queries,
    IReadOnlyDictionary<string, Listed> Origins,
    IReadOnlyDictionary<string, Listed> Lists,
    IReadOnlyDictionary<string, Listed> Latest)
{
    /// <summary>Asks it.</summary>
    public static Task<GoAnswers> AskAsync(GoWorkspace go, IReadOnlyCollection<DirectCase> cases) => AskAsync(
        go, Ask(cases, static one => one.Versions(one.Repository)), Ask(cases, static one => one.Queries(one.Repository)), Ask(cases, static one => one.Modules));

    /// <summary>The same, by name.</summary>
    /// <param name="go">The go command.</param>
    /// <param name="versions">Versions, as <c>path@version</c>.</param>
    /// <param name="queries">Other names.</param>
    /// <param name="paths">Modules.</param>
    /// <param name="written">What it calls addresses that we know otherwise.</param>
    public static async Task<GoAnswers> AskAsync(GoWorkspace go, List<string> versions, List<string> queries, List<string> paths, Func<string, string>? written = null)
    {
        written ??= static text => text;
        return new(
            await DownloadAsync(go, versions, written),
            await DownloadAsync(go, queries, written),
            await ListAsync(go, [], queries, written),
            await ListAsync(go, ["-versions", "-retracted"], paths, written),
            (await ListAsync(go, [], [.. paths.Select(static path => $"{path}@latest")], written)).ToDictionary(static pair => pair.Key.Split('@')[0], static pair => pair.Value, StringComparer.Ordinal));
    }

    /// <summary>The answers about some of the cases.</summary>
    public GoAnswers About(IReadOnlyCollection<DirectCase> cases)
    {
        return new(Of(Versions, Ask(cases, static one => one.Versions(one.Repository))), Of(Queries, Ask(cases, static one => one.Queries(one.Repository))),
            Of(Origins, Ask(cases, static one => one.Queries(one.Repository))), Of(Lists, Ask(cases, static one => one.Modules)), Of(Latest, Ask(cases, static one => one.Modules)));

        static Dictionary<string, T> Of<T>(IReadOnlyDictionary<string, T> all, List<string> asks) => asks.ToDictionary(static ask => ask, ask => all[ask], StringComparer.Ordinal);
    }

    /// <summary>Everything in comparable words; what a machine of its own answers differs in where its files are.</summary>
    public IEnumerable<string> Words() =>
    [
        .. Versions.Concat(Queries).Select(static pair => $"{pair.Key}: {pair.Value with { Error = pair.Value.Error is null ? null : "refused" }}"),
        .. Origins.Concat(Lists).Select(static pair => $"{pair.Key}: {pair.Value.OriginOrNull} {pair.Value.Versions}"),
        .. Latest.Select(static pair => $"{pair.Key}: latest {pair.Value.VersionAndTime}"),
    ];

    private static List<string> Ask(IEnumerable<DirectCase> cases, Func<DirectCase, IEnumerable<string>> asks) =>
        [.. cases.SelectMany(one => asks(one).Select(one.PathOf)).Distinct()];

    private static async Task<Dictionary<string, Downloaded>> DownloadAsync(GoWorkspace go, List<string> asks, Func<string, string> written)
    {
        if (asks.Count == 0)
            return []; // with nothing named go downloads what the main module needs
        var result = await go.TryAsync([.. (ReadOnlySpan<string>)["mod", "download", "-json"], .. asks]);
        var downloaded = Objects(result.Output).Select(static one => one.Deserialize<Downloaded>()!).Select(one => one with { Info = one.Info is null ? null : written(File.ReadAllText(one.Info)) }).ToList();
        Assert.True(downloaded.Count == asks.Count, $"{downloaded.Count} of {asks.Count}\n{result.Errors}");
        return downloaded.Zip(asks).ToDictionary(static pair => pair.Second, static pair => pair.First, StringComparer.Ordinal);
    }

    private static async Task<Dictionary<string, Listed>> ListAsync(GoWorkspace go, string[] flags, List<string> asks, Func<string, string> written)
    {
        if (asks.Count == 0)
            return [];
        var result = await go.TryAsync([.. (ReadOnlySpan<string>)["list", "-m", "-e", "-json"], .. flags, .. asks]);
        var listed = Objects(written(result.Output)).Zip(asks).ToDictionary(static pair => pair.Second, static pair => new Listed(pair.First), StringComparer.Ordinal);
        Assert.True(listed.Count == asks.Count, $"{listed.Count} of {asks.Count}\n{result.Errors}");
        return listed;
    }

    private static IEnumerable<JsonElement> Objects(string text) =>
        text.Split("\n}\n", StringSplitOptions.RemoveEmptyEntries).Select(static one => JsonDocument.Parse(one + "\n}").RootElement);
}

/// <summary>What <c>go mod download -json</c> says of a module; of its info not the file, which a later question may write anew, but what it holds.</summary>
internal sealed record Downloaded(string Path, string? Version, string? Info, string? Sum, string? GoModSum, string? Error);

/// <summary>What <c>go list -m -json</c> says of one.</summary>
internal sealed record Listed(JsonElement Element)
{
    /// <summary>The origin, in one line; null where there is none.</summary>
    public string? OriginOrNull => Element.TryGetProperty("Origin", out var origin) && !Element.TryGetProperty(nameof(Error), out _)
        ? string.Join(' ', origin.EnumerateObject().Select(static part => $"{part.Name}={part.Value.GetString()}"))
        : null;

    /// <summary>The versions, or <c>none</c>.</summary>
    public string Versions => Element.TryGetProperty(nameof(Versions), out var versions) ? string.Join(' ', versions.EnumerateArray().Select(static one => one.GetString())) : "none";

    /// <summary>The version and its time, or <c>none</c>.</summary>
    public string VersionAndTime => TextOrNull("Version") is { } version && version != "latest" ? $"{version} {TextOrNull("Time")}".Trim() : "none";

    /// <summary>Why there is none.</summary>
    public string? Error => Element.TryGetProperty(nameof(Error), out var error) ? error.GetProperty("Err").GetString() : null;

    private string? TextOrNull(string name) => Element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
