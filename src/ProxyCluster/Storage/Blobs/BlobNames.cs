using System.Globalization;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// The container, and the only place that builds names in it:
/// <code>
/// records/github.com/gorilla/mux/@v/v1.8.0.record          what is proven, and which bytes are stored
/// artifacts/github.com/gorilla/mux/@v/v1.8.0/SHA256.zip    bytes, meaningless until a record names them
/// index/tokyo/20260102T030405Z.gz                          what there was, for a region that is built anew (RegionIndex)
/// probe/…                                                  written, read and deleted
/// </code>
/// Bytes carry their digest in their name, so that committers who meet cannot mix up or replace each other's.
/// </summary>
internal sealed class BlobNames(string prefix)
{
    // Microsoft Learn, "Naming and referencing containers, blobs, and metadata".
    private const int MaxLength = 1024;

    private readonly string _root = prefix.Length == 0 ? "" : prefix + "/";

    /// <summary>What every record's name begins with.</summary>
    public string Records => _root + "records/";

    /// <summary>A record's name.</summary>
    public string Record(ModuleVersion module) =>
        $"{Records}{module.Path.Escaped}/@v/{module.EscapedVersion}{DataTree.RecordEnding}";

    /// <summary>What the names of a module version's bytes begin with.</summary>
    public string Artifacts(ModuleVersion module) => $"{_root}artifacts/{module.Path.Escaped}/@v/{module.EscapedVersion}/";

    /// <summary>The name of bytes by their digest.</summary>
    public string Artifact(ModuleVersion module, ArtifactKind kind, Digest sha256) =>
        Artifacts(module) + sha256.ToHex() + DataTree.Ending(kind);

    /// <summary>The module version whose record has that name; null where it is none's.</summary>
    public ModuleVersion? ModuleOrNull(string record)
    {
        var at = record.LastIndexOf("/@v/", StringComparison.Ordinal);
        return at > Records.Length && record.EndsWith(DataTree.RecordEnding, StringComparison.Ordinal)
            && ModulePath.TryUnescape(record.AsSpan(Records.Length, at - Records.Length), out var path, out _)
            && ModuleVersion.TryUnescape(path, record.AsSpan(at + 4, record.Length - at - 4 - DataTree.RecordEnding.Length), out var module, out _)
                ? module
                : null;
    }

    /// <summary>What the names of a region's indexes begin with; they sort by time.</summary>
    public string Indexes(string region) => $"{_root}index/{region}/";

    /// <summary>The name of a region's index of a time.</summary>
    public string Index(string region, DateTimeOffset time) =>
        Indexes(region) + time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) + ".gz";

    /// <summary>A name that nobody else uses.</summary>
    public string NewProbe() => $"{_root}probe/{Guid.NewGuid():N}";

    /// <summary>False where a name would be too long for the service; such a module version is not shared.</summary>
    public bool Fits(ModuleVersion module) => Artifact(module, ArtifactKind.Info, default).Length <= MaxLength;
}
