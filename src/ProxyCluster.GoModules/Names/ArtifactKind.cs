namespace ProxyCluster.GoModules.Names;

/// <summary>The three files of a module version.</summary>
public enum ArtifactKind
{
    /// <summary><c>.info</c>: JSON with the version and its commit time. Not covered by the checksum database.</summary>
    Info,

    /// <summary><c>.mod</c>: the exact go.mod bytes; covered by the <c>/go.mod</c> line of the checksum database.</summary>
    Mod,

    /// <summary><c>.zip</c>: the module zip; covered by its h1 line.</summary>
    Zip,
}
