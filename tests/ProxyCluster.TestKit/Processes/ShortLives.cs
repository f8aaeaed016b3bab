using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ProxyCluster.TestKit.Processes;

/// <summary>
/// What every .NET process that a test starts is told: compile quickly, and not a second time. It lives for seconds, of which
/// the runtime's optimiser would take the larger part: nine members that start and then idle for 20 s used 45 s of two
/// cores with it, and 22 s without.
/// </summary>
internal static class ShortLives
{
    /// <summary>The runtime's setting.</summary>
    public const string Name = "DOTNET_TC_CallCounting";

    /// <summary>Calls are not counted, so nothing is found to be worth it.</summary>
    public const string Value = "0";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The kit is a part of test programs and nothing else.")]
    internal static void Tell() => Environment.SetEnvironmentVariable(Name, Value);
}
