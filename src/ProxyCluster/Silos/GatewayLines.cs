using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Orleans.Hosting;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Sockets;

namespace ProxyCluster.Silos;

/// <summary>
/// Lines to silos of other regions that run through <see cref="ClusteringOptions.Gateway"/>, so that a rehearsal's distances
/// and cuts hold for calls of grains too. Orleans dials by one factory, which it keeps under a key of its own; this one
/// stands in its place and leaves the region's own silos to it.
/// </summary>
internal sealed class GatewayLines(IServiceProvider silo, IConnectionFactory direct, Uri gateway, string region) : IConnectionFactory, IDisposable
{
    private readonly SocketConnectionContextFactory _contexts = new(
        new SocketConnectionFactoryOptions(), silo.GetRequiredService<ILoggerFactory>().CreateLogger<GatewayLines>());

    /// <summary>Takes the factory's place, where there is a gateway.</summary>
    public static void Apply(ISiloBuilder silo, ClusteringOptions cluster)
    {
        if (cluster.Gateway is not { } gateway)
            return;
        var orleans = silo.Services.Last(static service => service.IsKeyedService && service.ServiceType == typeof(IConnectionFactory));
        silo.Services.AddKeyedSingleton<IConnectionFactory>(orleans.ServiceKey, (services, key) =>
            new GatewayLines(services, (IConnectionFactory)orleans.KeyedImplementationFactory!(services, key), gateway, cluster.Region));
    }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        endpoint is not IPEndPoint target || IsNear(target)
            ? await direct.ConnectAsync(endpoint, cancellationToken)
            : _contexts.Create(await Socks5.DialAsync(gateway, target, cancellationToken));

    /// <inheritdoc/>
    public void Dispose() => _contexts.Dispose();

    // Looked up when needed: membership itself needs connections. Who is not known yet may be anywhere.
    private bool IsNear(IPEndPoint target) => silo.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values
        .Any(member => member.SiloAddress.Endpoint.Equals(target) && MemberCard.ReadOrNull(member.Name)?.Region == region);
}
