namespace ProxyCluster.GoModules.Names;

/// <summary>
/// A module path at one canonical version (<c>github.com/gorilla/mux@v1.8.0</c>): the unit that is fetched, verified,
/// stored and owned. Immutable in the world, not only here.
/// </summary>
/// <param name="Path">The module path.</param>
/// <param name="Version">The canonical version, unescaped (<c>v1.0.0-RC1</c>).</param>
public readonly record struct ModuleVersion(ModulePath Path, string Version)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}@{Version}";
}
