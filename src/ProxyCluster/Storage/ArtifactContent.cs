using Microsoft.Win32.SafeHandles;

namespace ProxyCluster.Storage;

/// <summary>
/// A verified artifact, open for reading: the bytes themselves, or a file handle that stays valid whatever happens to
/// the name.
/// </summary>
internal sealed class ArtifactContent(HotArtifact artifact, SafeFileHandle? file) : IDisposable
{
    /// <summary>What it is.</summary>
    public HotArtifact Artifact { get; } = artifact;

    /// <summary>The open file; null when <see cref="HotArtifact.Body"/> holds the bytes.</summary>
    public SafeFileHandle? File { get; } = file;

    public void Dispose() => File?.Dispose();
}
