using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// Counts for its client what the server refuses by itself: heads over HTTP/1.1 that are too long, too slow or none (400, 408, 414,
/// 431). They reach no handler, and whoever sends nothing else would be in nobody's figures.
/// </summary>
/// <param name="server">Kestrel's, which tells of each with the features of its connection.</param>
/// <param name="metrics">Whose clients are counted.</param>
internal sealed class ServerRefusals(DiagnosticListener server, ProxyMetrics metrics) : IHostedService, IObserver<KeyValuePair<string, object?>>
{
    private const string Refused = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private IDisposable? _listening;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listening = server.Subscribe(this, static name => name == Refused);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _listening?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void OnNext(KeyValuePair<string, object?> told)
    {
        if (told is { Key: Refused, Value: IFeatureCollection features })
            metrics.Clients.CountTurnedAway(ClientAddress.Of(features.Get<IHttpConnectionFeature>()?.RemoteIpAddress));
    }

    /// <inheritdoc/>
    public void OnCompleted()
    {
    }

    /// <inheritdoc/>
    public void OnError(Exception error)
    {
    }
}
