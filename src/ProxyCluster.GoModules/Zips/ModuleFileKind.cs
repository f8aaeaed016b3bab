namespace ProxyCluster.GoModules.Zips;

/// <summary>What a file is, as far as module zips care.</summary>
public enum ModuleFileKind
{
    /// <summary>A regular file, executable or not.</summary>
    Regular,

    /// <summary>A symbolic link: never packed.</summary>
    SymbolicLink,

    /// <summary>A directory: never packed, but its name must not be a file's.</summary>
    Directory,

    /// <summary>A device, socket or the like: never packed.</summary>
    Irregular,
}
