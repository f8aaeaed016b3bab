using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ProxyCluster.TestKit.Processes;

/// <summary>
/// What every .NET process that a test starts is told: compile quickly, and not a second time. It lives for seconds, of which
/// the runtime's optimiser would take the larger part: nine members that start and then idle for 20 s used 45 s of two
/// cores with it, and 22 s without.
/// </summary>
public static class ShortLives
{
    // The runtime's setting.
    private const string Name = "DOTNET_TC_CallCounting";

    /// <summary>Processes that are measured live long: from now on they are told nothing.</summary>
    public static void AreOver() => Environment.SetEnvironmentVariable(Name, null);

    /// <summary>The same for a process whose environment is its own.</summary>
    internal static void Tell(IDictionary<string, string?> environment)
    {
        if (Environment.GetEnvironmentVariable(Name) is { } value)
            environment[Name] = value;
    }

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The kit is a part of test programs and nothing else.")]
    internal static void Tell() => Environment.SetEnvironmentVariable(Name, "0"); // calls are not counted, so nothing is found to be worth it
}
