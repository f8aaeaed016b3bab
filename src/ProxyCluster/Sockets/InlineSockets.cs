using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ProxyCluster.Sockets;

/// <summary>
/// Has requests answered on the thread that learned of them (<see cref="SocketThread"/> says what that needs). The
/// platform's switch for it is one per process, so only a program that owns its process registers this; a host that
/// shares it, with silos' sockets say, leaves it alone and is no less correct.
/// </summary>
internal static class InlineSockets
{
    private const int MaxWaitingConnections = 4096;

    /// <summary>The platform's switch. It is read once, when the process makes its first socket.</summary>
    internal const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Registers it, for a setting to decide. Before the first socket of the process.</summary>
    public static IServiceCollection AddInlineSockets(this IServiceCollection services, Func<IServiceProvider, bool> setting)
    {
        services.AddOptions<SocketTransportOptions>().Configure<IServiceProvider>((transport, provider) =>
        {
            var isOn = IsOn(Environment.GetEnvironmentVariable(Variable), setting(provider));
            if (isOn)
                Environment.SetEnvironmentVariable(Variable, "1");

            // A region's whole build farm, or every silo of a cluster, may come in the same moment; what finds the queue of
            // new connections full is only tried again after a second. The kernel's own limit is the ceiling.
            transport.Backlog = MaxWaitingConnections;

            // Only together: on pool threads Kestrel's inline scheduling is slower than its default (measured).
            transport.UnsafePreferInlineScheduling = isOn;
        });
        return services;
    }

    /// <summary>An operator's own word on the variable wins.</summary>
    internal static bool IsOn(string? variable, bool setting) => variable is { Length: > 0 } ? variable == "1" : setting;
}
