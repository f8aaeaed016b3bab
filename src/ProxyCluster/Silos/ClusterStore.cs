using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using ProxyCluster.Clustering;
using ProxyCluster.Etcd;
using ProxyCluster.Sockets;
using ProxyCluster.Storage.Blobs;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace ProxyCluster.Silos;

/// <summary>
/// Where a cluster keeps its membership and its grains' state, in one word for both: <c>Cluster:Store</c>. Whoever wants
/// two different ones, or more of a provider's settings, uses Orleans' own section instead.
/// </summary>
/// <param name="Scheme"><c>memory</c>, <c>etcd</c>, <c>redis</c>, <c>azure</c> or <c>orleans</c>, its own section.</param>
/// <param name="Location">Addresses or connection string: what follows the scheme. May hold a password.</param>
internal sealed record ClusterStore(string Scheme, string Location)
{
    /// <summary>Milliseconds for a connection and for an answer: a silo goes on without its store, and should know soon.</summary>
    private const int RedisLimit = 1000;

    /// <summary>The store in this process's memory.</summary>
    public static ClusterStore Memory { get; } = new("memory", "");

    /// <summary>What <c>/readyz</c> and logs call it; without secrets.</summary>
    public string Label => Scheme switch
    {
        "etcd" or "etcds" or "redis" => $"{Scheme} " + Location[(Location.LastIndexOf('@') + 1)..],
        "azure" => "Azure Storage",
        "orleans" => Location,
        _ => "memory",
    };

    /// <summary>
    /// Whether it takes what is only a hint as well. Not etcd: that would be one write to a quorum for every module version,
    /// in a store whose size is counted in gigabytes at most. There the grain remembers for as long as it lives, takes
    /// it along when it moves, and asks the cluster where it begins anew.
    /// </summary>
    public bool IsForHints => Scheme is not ("etcd" or "etcds") && !Location.Equals("etcd", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether no other process can be in the cluster.</summary>
    public bool IsOfThisProcess(OrleansOptions silo) => Scheme == "memory" && silo.PrimaryPort == 0;

    /// <summary>Reads <c>Cluster:Store</c>; null when it cannot be, with what is wrong.</summary>
    public static ClusterStore? ParseOrNull(string text, out string error)
    {
        error = "";
        if (text is "" or "memory")
            return Memory;
        var colon = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = colon < 0 ? "" : text[..colon];
        if (scheme is "etcd" or "etcds" or "redis" or "azure" && text.Length > colon + 3)
            return new(scheme, text[(colon + 3)..]);
        error = "must be memory, etcd://a:2379,b:2379, redis://host:6379 or azure://CONNECTION-STRING";
        return null;
    }

    /// <summary>The store that is configured, for options that have been checked.</summary>
    public static ClusterStore Of(ClusteringOptions cluster, IConfiguration configuration) =>
        configuration.GetSection("Orleans:Clustering") is { } section && section.Exists()
            ? new("orleans", section["ProviderType"] ?? "a provider of Orleans")
            : ParseOrNull(cluster.Store, out _) ?? Memory;

    /// <summary>Gives it to a silo. What is in Orleans' own section, Orleans reads itself.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="memory">The store in this process's memory.</param>
    /// <param name="gateway">See <see cref="ClusteringOptions.Gateway"/>; null for none.</param>
    public void Apply(ISiloBuilder silo, MemoryStore memory, Uri? gateway = null)
    {
        switch (Scheme)
        {
            case "memory":
                silo.Services.AddSingleton<IMembershipTable>(memory);
                silo.Services.AddKeyedSingleton<IGrainStorage>(StoredState.Provider, memory);
                break;
            case "etcd" or "etcds":
                silo.UseEtcdClustering(options => Reach(options, gateway));
                silo.AddEtcdGrainStorage(StoredState.Provider, options => Reach(options, gateway));
                break;
            case "redis":
                var redis = Redis(gateway);
                silo.UseRedisClustering(options => options.ConfigurationOptions = redis);
                silo.AddRedisGrainStorage(StoredState.Provider, options => options.ConfigurationOptions = redis);
                break;
            case "azure":
                silo.UseAzureStorageClustering(options => options.TableServiceClient = new(Location));
                silo.AddAzureBlobGrainStorage(StoredState.Provider, provider => provider.Configure<IOptions<ClusterOptions>>((options, cluster) =>
                {
                    options.BlobServiceClient = new(Location, new(BlobLocation.Version));
                    options.ContainerName = ContainerOf(cluster.Value.ServiceId);
                }));
                break;
        }
    }

    // Blobs are not named after the service, unlike keys in Redis: in one container, clusters of different names would share
    // their routing table. A container's name has letters, digits and dashes, and at most 63 of them.
    private static string ContainerOf(string service) =>
        "grainstate-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(service)).AsSpan(0, 16));

    private ConfigurationOptions Redis(Uri? gateway)
    {
        var (user, password, servers) = Parts();
        var options = ConfigurationOptions.Parse(servers);
        (options.ConnectTimeout, options.AsyncTimeout, options.SyncTimeout) = (RedisLimit, RedisLimit, RedisLimit);
        options.Tunnel = gateway is null ? null : new GatewayTunnel(gateway);
        if (user.Length > 0)
            options.User = user;
        if (password.Length > 0)
            options.Password = password;
        return options;
    }

    private void Reach(EtcdOptions options, Uri? gateway)
    {
        var (user, password, servers) = Parts();
        (options.User, options.Password) = (user, password);
        options.Endpoints = [.. servers.Split(',').Select(server => new Uri($"{(Scheme == "etcds" ? "https" : "http")}://{server}"))];
        options.ConfigureHandler = handler =>
        {
            handler.ConnectCallback = OutgoingConnection.ConnectAsync;
            (handler.UseProxy, handler.Proxy) = (gateway is not null, gateway is null ? null : new WebProxy(gateway));
        };
    }

    // user:password@host:port,host:port; both may be left out, and so may the user.
    private (string User, string Password, string Servers) Parts()
    {
        var at = Location.LastIndexOf('@');
        var login = at < 0 ? [""] : Location[..at].Split(':', 2);
        return (login.Length == 2 ? Uri.UnescapeDataString(login[0]) : "", Uri.UnescapeDataString(login[^1]), Location[(at + 1)..]);
    }

    // Redis has no proxy of its own kind but HTTP's.
    private sealed class GatewayTunnel(Uri gateway) : Tunnel
    {
        public override ValueTask<EndPoint?> GetSocketConnectEndpointAsync(EndPoint endpoint, CancellationToken cancellationToken) =>
            ValueTask.FromResult<EndPoint?>(Socks5.EndPointOf(gateway));

        public override async ValueTask<Stream?> BeforeAuthenticateAsync(
            EndPoint endpoint, ConnectionType connectionType, Socket? socket, CancellationToken cancellationToken)
        {
            var target = endpoint as IPEndPoint
                ?? new IPEndPoint((await Dns.GetHostAddressesAsync(((DnsEndPoint)endpoint).Host, cancellationToken))[0], ((DnsEndPoint)endpoint).Port);
            await Socks5.AskAsync(socket!, target, cancellationToken);
            return null;
        }
    }
}
