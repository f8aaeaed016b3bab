using System.Collections.Concurrent;
using System.Text;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Demo;

/// <summary>
/// A GOPROXY in this process that serves the packed samples (spec §2) and counts what it was asked: the upstream whose
/// work the cluster is there to save. Answers may be held back, so that people can watch a cold start.
/// </summary>
internal sealed class EmbeddedUpstream : IAsyncDisposable
{
    private const string Text = "text/plain; charset=utf-8";
    private const string Json = "application/json";

    private readonly Dictionary<string, (byte[] Body, string ContentType)> _tree;
    private readonly ConcurrentDictionary<string, int> _requests = new(StringComparer.Ordinal);
    private readonly TimeSpan _delay;
    private readonly TimeProvider _time;
    private LoopbackServer? _server;
    private bool _isRefusing;

    private EmbeddedUpstream(IEnumerable<PackedModule> modules, TimeSpan delay, TimeProvider time)
    {
        _tree = TreeOf(modules);
        _delay = delay;
        _time = time;
    }

    /// <summary>Base URL without a trailing slash.</summary>
    public string Url => _server!.Url;

    /// <summary>Whether it answers 429 to everything, as an upstream does that has had enough of one client.</summary>
    public bool IsRefusing
    {
        get => Volatile.Read(ref _isRefusing);
        set => Volatile.Write(ref _isRefusing, value);
    }

    /// <summary>Requests that were not refused so far, by path without the leading slash.</summary>
    public IReadOnlyDictionary<string, int> Requests => _requests;

    /// <summary>All requests so far.</summary>
    public int TotalRequests => _requests.Values.Sum();

    /// <summary>Starts serving.</summary>
    /// <param name="modules">What it has.</param>
    /// <param name="delay">Time before each answer.</param>
    /// <param name="time">The clock for the delay.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<EmbeddedUpstream> StartAsync(
        IEnumerable<PackedModule> modules, TimeSpan delay, TimeProvider time, CancellationToken cancellation)
    {
        var upstream = new EmbeddedUpstream(modules, delay, time);
        upstream._server = await LoopbackServer.StartAsync(upstream.AnswerAsync, cancellation).ConfigureAwait(false);
        return upstream;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, string path)
    {
        var key = path.TrimStart('/');
        if (IsRefusing)
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "1";
            return;
        }

        _requests.AddOrUpdate(key, 1, static (_, count) => count + 1);
        if (_delay > TimeSpan.Zero)
            await Task.Delay(_delay, _time, context.RequestAborted).ConfigureAwait(false);

        var found = _tree.TryGetValue(key, out var file);
        var body = found ? file.Body : Encoding.UTF8.GetBytes($"not found: {key}\n");
        context.Response.StatusCode = found ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        context.Response.ContentType = found ? file.ContentType : Text;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private static Dictionary<string, (byte[] Body, string ContentType)> TreeOf(IEnumerable<PackedModule> modules)
    {
        var tree = new Dictionary<string, (byte[], string)>(StringComparer.Ordinal);
        foreach (var versions in modules.GroupBy(packed => packed.Module.Path))
        {
            var path = versions.Key.Escaped;
            foreach (var packed in versions)
            {
                var name = $"{path}/@v/{packed.Module.EscapedVersion}";
                tree.Add(name + ".info", (packed.Info, Json));
                tree.Add(name + ".mod", (packed.GoMod, Text));
                tree.Add(name + ".zip", (packed.Zip, "application/zip"));
            }

            // The list has releases, retracted ones too, and no pseudo-versions; the latest is a release if there is one (spec §2).
            var ordered = versions
                .OrderBy(packed => PseudoVersion.IsPseudo(packed.Module.Version) ? 0 : 1)
                .ThenBy(packed => packed.Module.Version, Semver.Order)
                .ToList();
            var list = string.Concat(ordered.Select(packed => packed.Module.Version)
                .Where(version => !PseudoVersion.IsPseudo(version)).Select(version => version + "\n"));
            tree.Add($"{path}/@v/list", (Encoding.UTF8.GetBytes(list), Text));
            tree.Add($"{path}/@latest", (ordered[^1].Info, Json));
        }

        return tree;
    }
}
