namespace ProxyCluster.TestKit.Processes;

/// <summary>A new, empty directory that goes when this object does.</summary>
public sealed class ScratchDirectory : IDisposable
{
    /// <summary>Creates one.</summary>
    public ScratchDirectory() => Path = Directory.CreateTempSubdirectory("proxycluster-test-").FullName;

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>A path inside it; nothing is created.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
