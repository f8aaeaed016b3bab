using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Hosting;

/// <summary>
/// Opens the addresses of a process that has some for clients and some for members. Each is a listener of its own,
/// because what tells the two apart must be where a connection came in and nothing that it says. Those for clients come
/// first in the server's list of addresses.
/// </summary>
internal static class Listening
{
    public static void Open(KestrelServerOptions kestrel)
    {
        var services = kestrel.ApplicationServices;
        var members = services.GetRequiredService<IOptions<ClusteringOptions>>().Value.InternalAddresses();
        if (members.Count == 0)
        {
            kestrel.ConfigureEndpointDefaults(listener => GivePlaces(listener, services));
            return;
        }

        foreach (var url in services.GetRequiredService<IOptions<ServeOptions>>().Value.Addresses())
        {
            Listen(kestrel, url, static (ip, port) => new IPEndPoint(ip, port), listener =>
            {
                GivePlaces(listener, services);
                if (BindingAddress.Parse(url).Scheme == "https")
                    listener.UseHttps();
            });
        }

        var certificates = services.GetRequiredService<PeerCertificates>();
        var mark = new InternalConnection(certificates.IsSet);
        foreach (var url in members)
        {
            Listen(kestrel, url, static (ip, port) => new MembersEndPoint(ip, port), listener =>
            {
                listener.Protocols = HttpProtocols.Http1;
                listener.Use(next => connection =>
                {
                    connection.Features.Set(mark);
                    return next(connection);
                });
                if (certificates.IsSet)
                    listener.UseHttps(certificates.ForListener());
            });
        }
    }

    private static void GivePlaces(ListenOptions listener, IServiceProvider services)
    {
        var places = services.GetRequiredService<ConnectionPlaces>();
        var clients = services.GetRequiredService<ProxyMetrics>().Clients;
        listener.Use(next => async connection =>
        {
            var client = ClientAddress.Of((connection.RemoteEndPoint as IPEndPoint)?.Address);
            using var place = places.TakeOrNull(client, connection.Abort);
            if (place is null)
            {
                clients.CountTurnedAway(client);
                connection.Abort();
                return;
            }

            connection.Features.Set(place);
            await next(connection);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, string url, Func<IPAddress, int, IPEndPoint> endPoint, Action<ListenOptions> configure)
    {
        var address = BindingAddress.Parse(url);
        if (address.IsUnixPipe)
            kestrel.ListenUnixSocket(address.UnixPipePath, configure);
        else if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.ListenLocalhost(address.Port, configure);
        else if (IPAddress.TryParse(address.Host, out var ip))
            kestrel.Listen(endPoint(ip, address.Port), configure);
        else
            kestrel.ListenAnyIP(address.Port, configure);
    }
}
