using System.Runtime.CompilerServices;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Drills.Load;

/// <summary>What a request of a drill is for.</summary>
internal enum AskedFor
{
    /// <summary>An artifact that the cluster had before the drill began.</summary>
    Hit,

    /// <summary>An artifact that nobody has asked for yet.</summary>
    Miss,

    /// <summary>A list, or the latest version.</summary>
    Query,
}

/// <summary>Something to ask for, and how to know whether the answer is right.</summary>
internal sealed class DrillObject
{
    private readonly string? _h1;

    // The digest of the right bytes: known from the start, or learned from the first body that has the right h1, which
    // costs more to compute. Boxed, so that it is set in one step.
    private volatile StrongBox<Digest>? _sha256;

    private DrillObject(string path, Digest? sha256, string? h1, IReadOnlyList<string> words)
    {
        Path = path;
        _sha256 = sha256 is { } known ? new StrongBox<Digest>(known) : null;
        _h1 = h1;
        Words = words;
    }

    /// <summary>Its path below a GOPROXY, escaped, without a leading slash.</summary>
    public string Path { get; }

    /// <summary>What a query's answer must hold; empty for artifacts.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>Whether it is an artifact with one right body, which the cluster may lose; a query is none.</summary>
    public bool IsArtifact => _h1 is not null || _sha256 is not null;

    /// <summary>An artifact whose bytes are known.</summary>
    public static DrillObject WithBytes(string path, ReadOnlySpan<byte> body) => new(path, Digest.Of(body), null, []);

    /// <summary>A <c>.zip</c> or <c>.mod</c> whose line in a go.sum file is known.</summary>
    public static DrillObject WithSum(string path, string h1) => new(path, null, h1, []);

    /// <summary>A query, and what its answer must hold, for instance every version of a list.</summary>
    public static DrillObject Containing(string path, params IReadOnlyList<string> words) => new(path, null, null, words);

    /// <summary>Whether a body is what it should be.</summary>
    public bool IsRight(byte[] body)
    {
        if (_sha256 is { Value: var digest })
            return Digest.Of(body) == digest;
        if (_h1 is not null)
        {
            if (H1OrNull(body) != _h1)
                return false;
            _sha256 = new StrongBox<Digest>(Digest.Of(body));
            return true;
        }

        var text = System.Text.Encoding.UTF8.GetString(body);
        return Words.All(word => text.Contains(word, StringComparison.Ordinal));
    }

    private string? H1OrNull(byte[] body)
    {
        if (Path.EndsWith(".mod", StringComparison.Ordinal))
            return ModuleHash.OfGoMod(body);
        return ZipDirectory.TryOpen(new MemoryStream(body), ZipLimits.Default, out var zip, out _) && ModuleHash.TryOfZip(zip, out var h1, out _)
            ? h1
            : null;
    }
}
