namespace ProxyCluster.GoModules.Names;

/// <summary>What a <see cref="VersionQuery"/> asks for.</summary>
public enum VersionQueryKind
{
    /// <summary>One module version: canonical and fitting the path, so the answer must name exactly it.</summary>
    Version,

    /// <summary><c>v1</c> or <c>v1.2</c>: the highest version that starts so.</summary>
    Prefix,

    /// <summary>
    /// A valid version that names no module version as it stands: <c>v1.2.3+meta</c>, or <c>v2.0.0</c> of a path without
    /// suffix. Upstream says what it resolves to.
    /// </summary>
    LooseVersion,

    /// <summary>7 to 40 lower-case hexadecimal digits: a commit, or a branch of that name.</summary>
    Hash,

    /// <summary>A branch or tag: <c>master</c>, <c>1.5.2</c>.</summary>
    Revision,
}
