using System.Reflection;

namespace ProxyCluster.Drills.Topology;

/// <summary>How to start this product once more.</summary>
/// <param name="Program">The program.</param>
/// <param name="FirstArguments">What comes before the verb.</param>
internal sealed record OwnProgram(string Program, IReadOnlyList<string> FirstArguments)
{
    /// <summary>The one that is running, or the one that was built beside a test that runs.</summary>
    public static OwnProgram Running { get; } = Find(
        Environment.ProcessPath, Assembly.GetEntryAssembly() == typeof(OwnProgram).Assembly, AppContext.BaseDirectory);

    /// <summary>A built <c>proxycluster.dll</c>.</summary>
    public static OwnProgram Of(string assembly) => Of(Environment.ProcessPath, assembly);

    /// <summary>How to start what runs as <paramref name="process"/>, which a user may have renamed.</summary>
    /// <param name="process">The running executable: the product's own, <c>dotnet</c> or a test's; null if unknown.</param>
    /// <param name="isProduct">Whether it was the product that was started.</param>
    /// <param name="directory">Where its assemblies are, if it is not all of them in one file.</param>
    internal static OwnProgram Find(string? process, bool isProduct, string directory) =>
        isProduct && process is not null && !IsDotnet(process)
            ? new(process, [])
            : Of(process, Path.Combine(directory, "proxycluster.dll"));

    private static OwnProgram Of(string? process, string assembly) =>
        new(process is not null && IsDotnet(process) ? process : "dotnet", [assembly]);

    private static bool IsDotnet(string process) => Path.GetFileNameWithoutExtension(process) == "dotnet";
}
