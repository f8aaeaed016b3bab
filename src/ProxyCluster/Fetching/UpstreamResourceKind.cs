namespace ProxyCluster.Fetching;

/// <summary>What sort of thing an upstream is asked for.</summary>
internal enum UpstreamResourceKind
{
    /// <summary><c>.info</c> of a module version.</summary>
    Info,

    /// <summary><c>.mod</c> of a module version.</summary>
    Mod,

    /// <summary><c>.zip</c> of a module version.</summary>
    Zip,

    /// <summary><c>@v/list</c>.</summary>
    List,

    /// <summary><c>@latest</c>.</summary>
    Latest,

    /// <summary><c>.info</c> of anything but a module version.</summary>
    Query,
}
