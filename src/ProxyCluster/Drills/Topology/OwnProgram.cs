namespace ProxyCluster.Drills.Topology;

/// <summary>How to start this product once more.</summary>
/// <param name="Program">The program.</param>
/// <param name="FirstArguments">What comes before the verb.</param>
internal sealed record OwnProgram(string Program, IReadOnlyList<string> FirstArguments)
{
    /// <summary>The one that is running: its own executable, or <c>dotnet</c> with this assembly.</summary>
    public static OwnProgram Running { get; } =
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "proxycluster"
            ? new(path, [])
            : Of(typeof(OwnProgram).Assembly.Location);

    /// <summary>A built <c>proxycluster.dll</c>.</summary>
    public static OwnProgram Of(string assembly) => new(
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet", [assembly]);
}
