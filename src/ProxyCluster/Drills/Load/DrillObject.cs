using ProxyCluster.GoModules;

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
/// <param name="Path">Its path below a GOPROXY, escaped, without a leading slash.</param>
/// <param name="Sha256">Digest of the only right body; null for queries.</param>
/// <param name="Words">What a query's answer must hold, for instance every version of a list; empty for artifacts.</param>
internal sealed record DrillObject(string Path, Digest? Sha256, IReadOnlyList<string> Words)
{
    /// <summary>Whether it is an artifact, which one may lose.</summary>
    public bool IsArtifact => Sha256 is not null;

    /// <summary>Whether a body is what it should be.</summary>
    public bool IsRight(ReadOnlySpan<byte> body)
    {
        if (Sha256 is { } digest)
            return Digest.Of(body) == digest;
        var text = System.Text.Encoding.UTF8.GetString(body);
        return Words.All(word => text.Contains(word, StringComparison.Ordinal));
    }
}
