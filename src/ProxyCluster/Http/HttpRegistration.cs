using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>Registers the HTTP side and sets every limit of the server.</summary>
internal static class HttpRegistration
{
    // Answered at once, so a few go a long way.
    private const int SpareConnections = 64;

    public static IServiceCollection AddHttpFrontEnd(this IServiceCollection services)
    {
        services.AddRoomOptions<HttpOptions>(HttpOptions.Section);
        services.AddSingleton<Responses>();
        services.AddSingleton<ArtifactResponse>();
        services.AddSingleton<ModuleEndpoints>();
        services.AddSingleton<ModulePages>();
        services.AddSingleton<ChecksumDatabaseEndpoints>();
        services.AddSingleton<SystemEndpoints>();
        services.AddSingleton<PeerEndpoints>();
        services.AddSingleton<AdminReplies>();
        services.AddSingleton<PolicyEndpoints>();
        services.AddSingleton<AdminEndpoints>();
        services.AddSingleton<PolicyAnswers>();
        services.AddSingleton<RequestAudit>();
        services.AddSingleton<AuditAnswer>();
        services.AddSingleton<FrontEndMemory>();
        services.AddSingleton<PassedBody>();
        services.AddSingleton<Forwarder>();
        services.AddSingleton<ProxyHandler>();
        services.AddSingleton(static provider => new LoadShedding(
            provider.GetRequiredService<IOptions<HttpOptions>>().Value.MaxWastedPerSecond,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ProxyMetrics>().Clients.CountTurnedAway));
        services.AddSingleton(static provider =>
        {
            var http = provider.GetRequiredService<IOptions<HttpOptions>>().Value;
            return new ConnectionPlaces(
                http.MaxConnections,
                http.MaxConnectionsPerClient,
                SpareConnections,
                http.MaxRequestsPerClient,
                provider.GetRequiredService<LoadShedding>(),
                provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<IConnectionListenerFactory, GuardedTransport>();
        services.AddHostedService<ServerRefusals>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ServerLimits>();
        return services;
    }

    /// <summary>Puts the handler behind the server: one terminal middleware, no routing.</summary>
    public static void MapProxy(this IApplicationBuilder app) =>
        app.Run(app.ApplicationServices.GetRequiredService<ProxyHandler>().HandleAsync);

    private sealed class ServerLimits(IOptions<HttpOptions> options) : IConfigureOptions<KestrelServerOptions>
    {
        public void Configure(KestrelServerOptions server)
        {
            var http = options.Value;
            server.AddServerHeader = false;
            server.Limits.MaxConcurrentConnections = (2L * http.MaxConnections) + SpareConnections;
            server.Limits.MaxRequestLineSize = http.MaxRequestLineBytes;
            server.Limits.MaxRequestHeadersTotalSize = http.MaxHeaderBytes;
            server.Limits.MaxRequestHeaderCount = http.MaxHeaderCount;
            server.Limits.MaxRequestBufferSize = Math.Max(http.MaxHeaderBytes + http.MaxRequestLineBytes, 1 << 15);
            server.Limits.MaxRequestBodySize = RequestBody.MaxBytes;
            server.Limits.RequestHeadersTimeout = http.HeaderTimeout;
            server.Limits.KeepAliveTimeout = http.IdleTimeout;
            server.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
            server.Limits.MinResponseDataRate = new MinDataRate(http.MinBodyBytesPerSecond, TimeSpan.FromSeconds(10));

            // Enough for the kernel to stay busy while the next chunk is read; per connection, so it bounds memory too.
            server.Limits.MaxResponseBufferSize = 1 << 18;
        }
    }
}
