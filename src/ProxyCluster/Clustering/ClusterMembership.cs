using System.Security.Cryptography;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Clustering;

/// <summary>
/// Joins the cluster when this process can answer others, and leaves before it stops answering: after the web server
/// started and before it stops. Joining never fails a start; an engine that cannot be reached is joined later.
/// </summary>
internal sealed partial class ClusterMembership(
    IEngine engine, ClusterSelf cluster, IServer server, IOptions<ClusteringOptions> options, ILogger<ClusterMembership> log) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var self = SelfOf(options.Value, server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []);
        cluster.Become(self);
        try
        {
            await engine.JoinAsync(self, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return; // told to stop meanwhile; the stop leaves what was joined by then
        }

        if (!engine.IsAlone)
            Log.Joined(log, self.Id, self.Region, self.Role, self.Address, engine.Name, engine.Status.Detail);
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await engine.LeaveAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host has no more time; the lease runs out by itself.
        }
        catch (Exception e)
        {
            // The same, and no reason to keep the rest of the host from stopping in order.
            Log.NotLeft(log, e);
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>This life of this process: the region and twelve random digits, so that ids in logs say where.</summary>
    internal static Member SelfOf(ClusteringOptions options, ICollection<string> listening) => new(
        $"{options.Region}-{RandomNumberGenerator.GetHexString(12, lowercase: true)}",
        options.Region,
        options.Advertise ?? AddressOf(listening, options.InternalAddresses().Count),
        options.Role,
        BuildInfo.Version);

    /// <summary>True where nothing says at which address of this machine other members reach this process.</summary>
    internal static bool IsAnywhere(ClusteringOptions options, ICollection<string> listening) =>
        options.Advertise is null
        && FirstOrNull(listening, options.InternalAddresses().Count) is { } first
        && IsAnyHost(BindingAddress.Parse(first).Host);

    // Without Advertise this is a process alone, or a cluster inside one machine: any address becomes the machine's own.
    private static Uri AddressOf(ICollection<string> listening, int forMembers)
    {
        if (FirstOrNull(listening, forMembers) is not { } first)
            return new Uri("http://127.0.0.1");
        var binding = BindingAddress.Parse(first);
        var host = IsAnyHost(binding.Host) ? "127.0.0.1" : binding.Host;
        return Uri.TryCreate($"{binding.Scheme}://{host}:{binding.Port}", UriKind.Absolute, out var address)
            ? address
            : new Uri("http://127.0.0.1");
    }

    // Those for members come last in the server's list; where there are none, all are for everybody.
    private static string? FirstOrNull(ICollection<string> listening, int forMembers) =>
        listening.Skip(forMembers == 0 ? 0 : listening.Count - forMembers).FirstOrDefault();

    private static bool IsAnyHost(string host) => host is "*" or "+" or "0.0.0.0" or "[::]";

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information,
            "Member {Member} of region {Region} joined as {Role} at {Address} on engine {Engine}: {Detail}")]
        public static partial void Joined(ILogger log, string member, string region, Role role, Uri address, string engine, string detail);

        [LoggerMessage(LogLevel.Error, "The cluster was not left in order; the others will notice")]
        public static partial void NotLeft(ILogger log, Exception e);
    }
}
